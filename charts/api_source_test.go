package charts

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// An apiSource is the API of one version of Kubernetes as its types are written down. One module has one version of a package, so
// the types themselves can be had for two or three versions at most; their source can be read for all.
type apiSource struct {
	modules  map[string]string // module → its folder
	packages map[string]map[string]declared
}

// A declared type, with what the names in it stand for.
type declared struct {
	expression ast.Expr
	in         string            // package
	imports    map[string]string // name → package
}

// Types that read themselves, and what they take.
var selfRead = map[string][]reflect.Kind{
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       {reflect.String},
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  {reflect.String},
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   {reflect.String, reflect.Float64},
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": {reflect.String, reflect.Float64},
}

var builtin = map[string][]reflect.Kind{
	"string": {reflect.String}, "bool": {reflect.Bool}, "float64": {reflect.Float64},
	"int": {reflect.Int}, "int32": {reflect.Int}, "int64": {reflect.Int},
}

// faults says where a value, as JSON decodes it, does not fit a type. Unknown fields do not.
func (s *apiSource) faults(pkg, name string, value any) ([]string, error) {
	var c check
	err := c.named(s, pkg, name, "", value)
	return c.faults, err
}

type check struct{ faults []string }

func (c *check) fault(at, format string, args ...any) {
	c.faults = append(c.faults, at+": "+fmt.Sprintf(format, args...))
}

func (c *check) named(s *apiSource, pkg, name, at string, value any) error {
	if kinds, known := selfRead[pkg+"."+name]; known {
		c.kind(at, value, kinds)
		return nil
	}
	types, err := s.load(pkg)
	if err != nil {
		return err
	}
	d, known := types[name]
	if !known {
		return fmt.Errorf("%s has no type %s", pkg, name)
	}
	return c.expression(s, d, d.expression, at, value)
}

func (c *check) kind(at string, value any, kinds []reflect.Kind) {
	number, isNumber := value.(float64)
	for _, kind := range kinds {
		if reflect.TypeOf(value).Kind() == kind || kind == reflect.Int && isNumber && number == math.Trunc(number) {
			return
		}
	}
	c.fault(at, "is the %T %v, want %v", value, value, kinds)
}

func (c *check) expression(s *apiSource, d declared, expression ast.Expr, at string, value any) error {
	if value == nil {
		return nil
	}
	switch e := expression.(type) {
	case *ast.StarExpr:
		return c.expression(s, d, e.X, at, value)
	case *ast.Ident:
		if kinds, known := builtin[e.Name]; known {
			c.kind(at, value, kinds)
			return nil
		}
		return c.named(s, d.in, e.Name, at, value)
	case *ast.SelectorExpr:
		return c.named(s, d.imports[e.X.(*ast.Ident).Name], e.Sel.Name, at, value)
	case *ast.ArrayType:
		if element, named := e.Elt.(*ast.Ident); named && element.Name == "byte" {
			c.kind(at, value, []reflect.Kind{reflect.String})
			return nil
		}
		list, isList := value.([]any)
		if !isList {
			c.fault(at, "is the %T %v, want a list", value, value)
		}
		for i, element := range list {
			if err := c.expression(s, d, e.Elt, fmt.Sprintf("%s[%d]", at, i), element); err != nil {
				return err
			}
		}
		return nil
	case *ast.MapType:
		entries, isMap := value.(map[string]any)
		if !isMap {
			c.fault(at, "is the %T %v, want a map", value, value)
		}
		for key, entry := range entries {
			if err := c.expression(s, d, e.Value, at+"."+key, entry); err != nil {
				return err
			}
		}
		return nil
	case *ast.StructType:
		return c.object(s, d, e, at, value)
	default:
		return fmt.Errorf("%s: the source of %s has a %T", at, d.in, e)
	}
}

// A field of a type, with the type that it is in: an embedded one is elsewhere.
type field struct {
	of         declared
	expression ast.Expr
}

func (c *check) object(s *apiSource, d declared, of *ast.StructType, at string, value any) error {
	object, isObject := value.(map[string]any)
	if !isObject {
		c.fault(at, "is the %T %v, want an object", value, value)
		return nil
	}
	fields := map[string]field{}
	if err := s.fields(d, of, fields); err != nil {
		return err
	}
	for key, inner := range object {
		f, known := fields[key]
		if !known {
			c.fault(at, "unknown field %s", key)
			continue
		}
		if err := c.expression(s, f.of, f.expression, strings.TrimPrefix(at+"."+key, "."), inner); err != nil {
			return err
		}
	}
	return nil
}

// fields gathers the fields of a struct by their names in JSON.
func (s *apiSource) fields(d declared, of *ast.StructType, into map[string]field) error {
	for _, f := range of.Fields.List {
		tag := ""
		if f.Tag != nil {
			text, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				return err
			}
			tag, _, _ = strings.Cut(reflect.StructTag(text).Get("json"), ",")
		}
		if tag != "" {
			into[tag] = field{d, f.Type}
			continue
		}
		pkg, name := d.in, ""
		switch embedded := f.Type.(type) {
		case *ast.Ident:
			name = embedded.Name
		case *ast.SelectorExpr:
			pkg, name = d.imports[embedded.X.(*ast.Ident).Name], embedded.Sel.Name
		}
		types, err := s.load(pkg)
		if err != nil {
			return err
		}
		inner, isStruct := types[name].expression.(*ast.StructType)
		if !isStruct {
			return fmt.Errorf("%s: a field without a name in JSON that is no struct: %s", d.in, name)
		}
		if err := s.fields(types[name], inner, into); err != nil {
			return err
		}
	}
	return nil
}

// load reads the types of a package once.
func (s *apiSource) load(pkg string) (map[string]declared, error) {
	if types, known := s.packages[pkg]; known {
		return types, nil
	}
	folder := ""
	for module, at := range s.modules {
		if rest, inside := strings.CutPrefix(pkg, module+"/"); inside {
			folder = filepath.Join(at, filepath.FromSlash(rest))
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || folder == "" || len(files) == 0 {
		return nil, fmt.Errorf("package %s: %w", pkg, fs.ErrNotExist)
	}
	types := map[string]declared{}
	for _, file := range files {
		base := filepath.Base(file)
		if strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "generated.") || strings.HasPrefix(base, "zz_generated.") {
			continue // they declare no types
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		imports := map[string]string{}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return nil, err
			}
			name := path.Base(imported)
			if i.Name != nil {
				name = i.Name.Name
			}
			imports[name] = imported
		}
		for _, declaration := range parsed.Decls {
			general, isGeneral := declaration.(*ast.GenDecl)
			if !isGeneral {
				continue
			}
			for _, spec := range general.Specs {
				if t, isType := spec.(*ast.TypeSpec); isType {
					types[t.Name.Name] = declared{expression: t.Type, in: pkg, imports: imports}
				}
			}
		}
	}
	s.packages[pkg] = types
	return types, nil
}
