// A clock that stands still and random bytes that are always the same, for a build on Linux:
//
//     cc -shared -fPIC -O1 -o still.so still.c
//     LD_PRELOAD=./still.so componentize-qjs ...
//
// componentize-qjs runs QuickJS and keeps its memory, with the clock and the random numbers of that
// run in it. With these two answers standing in, two builds of the same sources are the same bytes.
// Only for that command: in a process that waits for a time, that time never comes.
#include <string.h>
#include <sys/types.h>
#include <time.h>

ssize_t getrandom(void *at, size_t n, unsigned flags) {
  (void)flags;
  memset(at, 7, n);
  return (ssize_t)n;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  (void)clock;
  at->tv_sec = 1577836800;
  at->tv_nsec = 0;
  return 0;
}
