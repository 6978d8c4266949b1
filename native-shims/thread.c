/* A thread and the scheduler: giving way, what it has had, how long it wants to run at a time. */
#include "shim.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* yieldThread(): let another thread run. */
SHIM_FUNCTION(yield_thread) {
  (void)env;
  (void)info;
  sched_yield();
  return NULL;
}

/* The kernel's name for the CPU clock of a thread of this process; pthread_getcpuclockid() makes the same, out of a pthread_t. */
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

/* struct sched_attr of linux/sched/types.h, which older headers cannot include beside glibc's sched.h; its first version. */
struct attributes {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

/* threadSlice(thread, ns): 0 or -errno; 0 ns: the kernel's own. */
SHIM_FUNCTION(thread_slice) {
  int32_t thread;
  int64_t ns;
  struct attributes attributes = {.size = sizeof attributes};
  if (!shim_parse(env, info, "il", &thread, &ns)) return NULL;
  if (syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0) < 0) return shim_fail(env);
  if (attributes.policy != SCHED_OTHER) return shim_number(env, -EINVAL); /* somebody chose another: it stays */
  attributes.runtime = (uint64_t)ns;
  return shim_result(env, (int)syscall(SYS_sched_setattr, thread, &attributes, 0));
}
