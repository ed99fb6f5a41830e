package process

import (
	"strings"
	"testing"
)

const smaps = `00400000-008dc000 r-xp 00002000 fd:00 1 /opt/aku/bin/aku-init
Rss:                4968 kB
Anonymous:             0 kB
008dc000-00dee000 r--p 004de000 fd:00 1 /opt/aku/bin/aku-init
Anonymous:             0 kB
00dee000-00def000 r--p 009f0000 fd:00 1 /opt/aku/lib/relocated.so
Anonymous:             4 kB
00def000-00e54000 rw-p 009f1000 fd:00 1 /opt/aku/bin/aku-init
Anonymous:             0 kB
00f00000-00f01000 r--s 00000000 fd:00 2 /opt/aku/lib/gconv/gconv-modules.cache
Anonymous:             0 kB
7f0000000000-7f0000001000 r--p 00000000 00:00 0
Anonymous:             0 kB
7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
`

func TestSettle_TakesOnlyMappingsThatAreWhatTheirFileIs(t *testing.T) {
	t.Parallel()
	found := fileMappings(strings.NewReader(smaps))
	if len(found) != 2 || found[0] != (mapping{0x400000, 0x8dc000}) || found[1] != (mapping{0x8dc000, 0xdee000}) {
		t.Errorf("%x", found)
	}
}

func TestSettle_TheProgramGoesOn(t *testing.T) {
	Settle()
	if text := strings.Repeat("a", 3); text != "aaa" {
		t.Error(text)
	}
}
