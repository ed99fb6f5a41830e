package altibase

/*
#include <malloc.h>

// oneArena keeps glibc from giving each thread that calls into the driver a heap of
// its own; trim gives back what closed sessions have left.
static void oneArena(void) {
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}
static void trim(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
*/
import "C"

// A sidecar lives as long as its pod and mostly waits, so what the ODBC driver
// allocates is kept together: before any thread has an arena of its own.
func init() { C.oneArena() }

// trim gives memory that the driver has freed back to the system.
func trim() { C.trim() }
