package charts

import "testing"

// TestVendorValues_StartTheServerThatTheVendorsImagesHold: the values that VENDOR=1 stands for, as the suites use them.
func TestVendorValues_StartTheServerThatTheVendorsImagesHold(t *testing.T) {
	values := []string{readFile(t, "../e2e/values.yaml"), readFile(t, "../e2e/vendor-values.yaml"), "aku: {image: {registry: example.org}}"}
	server := render(t, values...).container(t, "altibase")
	environment := map[string]string{}
	for _, e := range server.Env {
		environment[e.Name] = e.Value
	}
	const home = "/root/altibase_home"
	if environment["MODE"] != "foreground" || environment["ALTIBASE_NLS_USE"] != "UTF8" {
		t.Errorf("the server would start with %v", environment)
	}
	mounted := map[string]bool{}
	for _, m := range server.VolumeMounts {
		mounted[m.MountPath] = true
	}
	for _, folder := range []string{"dbs", "logs", "arch_logs", "trc"} {
		if !mounted[home+"/"+folder] {
			t.Errorf("%s is on no volume", folder)
		}
	}
}
