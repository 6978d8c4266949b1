/* A thread that gives way, and what threads have had of the processor. */
#include "shim.h"

#include <sched.h>
#include <time.h>

/* yieldThread(): let another thread run. */
SHIM_FUNCTION(yield_thread) {
  (void)env;
  (void)info;
  sched_yield();
  return NULL;
}

/* CPU clock of a thread of this process: what pthread_getcpuclockid() makes, which wants a pthread_t (time/posix-timers in Linux). */
static clockid_t cpu_clock(int32_t thread) {
  enum { SCHEDULED = 2, OF_A_THREAD = 4 };
  return (clockid_t)((~(uint32_t)thread << 3) | SCHEDULED | OF_A_THREAD);
}

/* threadNs(thread): ns, or -errno. */
SHIM_FUNCTION(thread_ns) {
  int32_t thread;
  struct timespec had;
  if (!shim_parse(env, info, "i", &thread)) return NULL;
  if (clock_gettime(cpu_clock(thread), &had) < 0) return shim_fail(env);
  return shim_number(env, (int64_t)had.tv_sec * 1000000000 + had.tv_nsec);
}
