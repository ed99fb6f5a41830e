package altibase

/*
#include <malloc.h>

// oneArena keeps glibc from giving each thread that calls into the driver a heap of
// its own. As a constructor it runs before the Go runtime has made any thread.
__attribute__((constructor)) static void oneArena(void) {
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}

// trim gives back what closed sessions have left.
static void trim(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
*/
import "C"

// trim gives memory that the driver has freed back to the system. A sidecar lives as
// long as its pod and mostly waits.
func trim() { C.trim() }
