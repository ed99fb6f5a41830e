package wiring

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"

	"aku/internal/akucore"
)

// generation is the number of the source and an XSN.
var generation = regexp.MustCompile(`^([0-9]+)-[0-9]+$`)

// recoveryOrder reads AKU_RECOVER_FILE. It is a key of a ConfigMap, which can appear, change
// and disappear while the pod runs.
func recoveryOrder(file string) (akucore.RecoveryOrder, error) {
	var order akucore.RecoveryOrder
	if file == "" {
		return order, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return order, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &order)
	}
	if err != nil {
		return akucore.RecoveryOrder{}, fmt.Errorf("AKU_RECOVER_FILE: %w", err)
	}
	if of := generation.FindStringSubmatch(order.Generation); of == nil || of[1] != strconv.Itoa(order.From) {
		return akucore.RecoveryOrder{}, fmt.Errorf("AKU_RECOVER_FILE: generation %q is not one of pod %d, such as %d-48213", order.Generation, order.From, order.From)
	}
	return order, nil
}
