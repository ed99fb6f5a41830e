// Package unicode makes unixODBC carry any text unchanged.
//
// Some drivers, such as Altibase's, have no functions for wide characters. unixODBC then
// converts each statement from UTF-16 by the locale of the process. When it cannot convert a
// text, it keeps only the low byte of each character, and reports success. Most images have no
// locale (LANG unset, or C), so:
//
//   - The package sets the locale of the process to C.UTF-8, whatever its environment says. The
//     bundle brings this locale beside its libc, which cannot read the locale of another libc.
//   - A driver may set the locale again from the environment when it is loaded; the PostgreSQL
//     driver does. So the package changes the environment, too.
//   - unixODBC asks iconv for UCS-2-INTERNAL, which glibc does not know, and then for
//     UCS-2LE, which cannot hold characters outside the basic plane (emoji, rare
//     ideographs). So the package gives the first name to UTF-16LE.
package unicode

/*
#include <locale.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"unsafe"
)

// locale is in every glibc from 2.35 on, and in Debian's and Ubuntu's since long before.
const locale = "C.UTF-8"

// alias is the line of a gconv-modules file that names UTF-16LE as unixODBC does.
const alias = "alias UCS-2-INTERNAL// UTF-16LE//\n"

// Use prepares the process, before its first call into unixODBC. Files that are needed
// for it are written to the folder, an absolute path, and stay in use.
func Use(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "gconv-modules"), []byte(alias), 0o600); err != nil {
		return err
	}
	modules := []string{dir}
	if own, ok := bundled("gconv"); ok {
		modules = append(modules, own)
	}
	err := errors.Join(os.Setenv("GCONV_PATH", strings.Join(modules, ":")), os.Unsetenv("LC_ALL"), os.Setenv("LC_CTYPE", locale))
	if locales, ok := bundled("locale"); ok {
		err = errors.Join(err, os.Setenv("LOCPATH", locales))
	}
	if err != nil {
		return err
	}
	name := C.CString(locale)
	defer C.free(unsafe.Pointer(name))
	if C.setlocale(C.LC_CTYPE, name) == nil {
		return errors.New("the C library has no locale " + locale + ", without which text other than ASCII would be corrupted: install it, or use the bundle of the aku image")
	}
	return nil
}

// bundled is a folder of the bundle that this program belongs to.
func bundled(name string) (string, bool) {
	exe, err := os.Executable()
	if err != nil {
		return "", false
	}
	dir := filepath.Join(filepath.Dir(exe), "..", "lib", name)
	info, err := os.Stat(dir)
	return dir, err == nil && info.IsDir()
}
