package akucore

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the plans of the stories")

// TestStories_EachViewHasItsPlan holds the rules against testdata: each file says why, shows a View, and then
// the plan for it. CONTRIBUTING.md has the form.
func TestStories_EachViewHasItsPlan(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before, rest, hasPlan := strings.Cut(string(text), "\nPlan: ")
			why, view, hasView := strings.Cut(before, "\nView:\n")
			if !hasPlan || !hasView || strings.TrimSpace(why) == "" {
				t.Fatal("it must say why, and have View: and Plan:")
			}
			question, want, _ := strings.Cut(rest, "\n")
			v := parseView(t, view)
			plan, err := ask(v, question)
			if err != nil {
				t.Fatal(err)
			}
			got := plan.Describe(v.Mesh, nil)
			if *update {
				if err := os.WriteFile(file, []byte(before+"\nPlan: "+question+"\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got (go test ./internal/akucore -update writes the plans):\n%s", diff)
			}
		})
	}
}

// ask plans what a story asks for.
func ask(v View, question string) (Plan, error) {
	verb, rest, _ := strings.Cut(question, " ")
	switch verb {
	case "start":
		o := StartOptions{Flush: true, FlushTimeout: 300 * time.Second}
		if rest != "" {
			if _, err := fmt.Sscanf(rest, "ordered from %d generation %s", &o.Recover.From, &o.Recover.Generation); err != nil {
				return Plan{}, err
			}
		}
		return PlanStart(v, o), nil
	case "end":
		limit := 30 * time.Second
		switch rest {
		case "leaves":
			return PlanEnd(v, EndOptions{Flush: true, DeliverLimit: limit, Reset: ResetAlways, Shutdown: true}), nil
		case "stays":
			return PlanEnd(v, EndOptions{Flush: true, DeliverLimit: limit, Reset: ResetNever}), nil
		case "stays without flush":
			return PlanEnd(v, EndOptions{Reset: ResetNever}), nil
		}
	case "clean":
		return PlanClean(v), nil
	case "recover":
		pods, err := numbers(rest)
		if err == nil && len(pods) > 0 {
			return PlanRecover(v, pods[0], pods[1:]...), nil
		}
	case "sweep":
		pods, err := numbers(rest)
		before := map[int]bool{}
		for _, pod := range pods {
			before[pod] = true
		}
		return PlanSweep(v, before), err
	}
	return Plan{}, fmt.Errorf("no plan is called %q", question)
}

// numbers are the pod numbers between the words of a question.
func numbers(text string) (pods []int, err error) {
	for word := range strings.FieldsSeq(text) {
		switch word {
		case "from", "without", "again":
			continue
		}
		pod, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		pods = append(pods, pod)
	}
	return pods, nil
}
