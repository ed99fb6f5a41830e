package charts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
)

// builtins are the functions of Go's templates.
var builtins = strings.Fields("and or not len index slice print printf println html js urlquery call eq ne lt le gt ge")

// helms are the functions that each version of Helm gives to templates, by its version, and the versions in order.
func helms(t *testing.T) (functions map[string]map[string]bool, order []string) {
	t.Helper()
	functions = map[string]map[string]bool{}
	var sprig map[string]bool
	for _, m := range pinnedModules(t, "helm-versions.txt") {
		if strings.HasSuffix(m.Path, "/sprig/v3") {
			sprig = keysIn(t, filepath.Join(m.Dir, "functions.go"))
			continue
		}
		all := maps.Clone(sprig)
		for _, file := range []string{"funcs.go", "engine.go"} {
			maps.Copy(all, keysIn(t, filepath.Join(m.Dir, "pkg/engine", file)))
		}
		for _, name := range builtins {
			all[name] = true
		}
		functions[m.Version] = all
		order = append(order, m.Version)
	}
	return functions, order
}

// keysIn are the texts that a file of Go uses as keys of maps, in literals and in assignments.
func keysIn(t *testing.T, file string) map[string]bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		var key ast.Expr
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			key = n.Key
		case *ast.IndexExpr:
			key = n.Index
		}
		if text, is := key.(*ast.BasicLit); is && text.Kind == token.STRING {
			if name, err := strconv.Unquote(text.Value); err == nil {
				keys[name] = true
			}
		}
		return true
	})
	return keys
}

// functionsIn are the functions that a template calls.
func functionsIn(t *testing.T, name, text string) map[string]bool {
	t.Helper()
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", trees); err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{}
	// Every node of a template says its functions in its own text, too.
	var walk func(parse.Node)
	branch := func(b *parse.BranchNode) {
		walk(b.Pipe)
		walk(b.List)
		if b.ElseList != nil {
			walk(b.ElseList)
		}
	}
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			for _, inner := range n.Nodes {
				walk(inner)
			}
		case *parse.ActionNode:
			walk(n.Pipe)
		case *parse.PipeNode:
			for _, command := range n.Cmds {
				for _, argument := range command.Args {
					walk(argument)
				}
			}
		case *parse.ChainNode:
			walk(n.Node)
		case *parse.IdentifierNode:
			called[n.Ident] = true
		case *parse.IfNode:
			branch(&n.BranchNode)
		case *parse.RangeNode:
			branch(&n.BranchNode)
		case *parse.WithNode:
			branch(&n.BranchNode)
		case *parse.TemplateNode:
			if n.Pipe != nil {
				walk(n.Pipe)
			}
		}
	}
	for _, t := range trees {
		walk(t.Root)
	}
	return called
}

func TestTemplates_CallOnlyWhatEveryHelmHas(t *testing.T) {
	functions, order := helms(t)
	called := map[string]bool{}
	files, err := filepath.Glob("altibase/templates/*")
	if err != nil || len(files) < 20 {
		t.Fatalf("%v: %d templates", err, len(files))
	}
	for _, file := range files {
		maps.Copy(called, functionsIn(t, file, readFile(t, file)))
	}
	if len(called) < 40 {
		t.Errorf("only %d functions are called: %v", len(called), slices.Sorted(maps.Keys(called)))
	}
	for _, version := range order {
		for name := range called {
			if !functions[version][name] {
				t.Errorf("Helm %s has no function %s", version, name)
			}
		}
	}
	// Each minor version from the oldest of Helm 3 on, up to those that the other tests render with.
	minor := 14
	for _, version := range order {
		if strings.HasPrefix(version, "v3.") {
			if got := strings.Split(version, ".")[1]; got != strconv.Itoa(minor) {
				t.Errorf("helm-versions.txt has 3.%s where 3.%d is next", got, minor)
			}
			minor++
		}
	}
	pinned := regexp.MustCompile(`(?m)^\s*helm.sh/helm/v3 v3\.(\d+)`).FindStringSubmatch(readFile(t, "../go.mod"))
	if pinned[1] != strconv.Itoa(minor-1) {
		t.Errorf("helm-versions.txt ends with 3.%d, the charts are rendered with 3.%s", minor-1, pinned[1])
	}
}

func TestTemplates_AFunctionOfALaterHelmIsFound(t *testing.T) {
	functions, _ := helms(t)
	// toYamlPretty came after 3.14.
	called := functionsIn(t, "t", `{{ if eq (len .Values.a) 1 }}{{ range .b }}{{ toYamlPretty . | nindent 2 }}{{ end }}{{ else }}{{ include "x" (dict "a" (tpl .c .)) }}{{ end }}`)
	if want := []string{"dict", "eq", "include", "len", "nindent", "toYamlPretty", "tpl"}; !slices.Equal(want, slices.Sorted(maps.Keys(called))) {
		t.Errorf("calls %v, want %v", slices.Sorted(maps.Keys(called)), want)
	}
	if functions["v3.14.4"]["toYamlPretty"] || !functions["v3.22.0"]["toYamlPretty"] || !functions["v3.14.4"]["fromYamlArray"] || functions["v3.22.0"]["noSuch"] {
		t.Error("the functions of Helm 3.14 and 3.22 are not told apart")
	}
}
