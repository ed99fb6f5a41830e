package settings

import "errors"

// CheckOwner names the variables that AKU_OWNER_FILES needs and that are not set.
func (s Settings) CheckOwner() error {
	for _, name := range s.ownerMisses() {
		return errors.New(missingText(name))
	}
	return nil
}

// ownerMisses are the variables that AKU_OWNER_FILES needs and that are not set.
func (s Settings) ownerMisses() (names []string) {
	if len(s.OwnerFiles) == 0 {
		return nil
	}
	for _, v := range []struct{ name, value string }{{"AKU_POD_UID", s.PodUID}, {"AKU_POD_NAMESPACE", s.Namespace}} {
		if v.value == "" {
			names = append(names, v.name)
		}
	}
	return names
}
