/*
 * The system calls that Node lacks, on node_api.h. No policy lives here, but for how many packets a batch takes (queue.c) and
 * whose scheduling is left alone (thread.c):
 * decisions are made in src/tun and src/dns46.
 *
 * Conventions: a failed system call comes back as a negative errno; a wrong argument throws TypeError or
 * RangeError. No global mutable state: the module is loaded by the main thread and by every worker at once.
 */
#ifndef NAT46_SHIM_H
#define NAT46_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First word of what an external points to, so that one kind of handle is never taken for another. */
enum shim_kind { SHIM_WATCH = 0x57415443, SHIM_UDP = 0x55445053 };

/*
 * Arguments (module.c). One letter each: i int32_t*, l int64_t*, b bool*, v napi_value*, W and U the void** of a
 * watch or a UDP socket, s a char* followed by its size_t capacity. False: an exception is pending.
 */
bool shim_parse(napi_env env, napi_callback_info info, const char *format, ...);

/* Results. */
napi_value shim_number(napi_env env, int64_t value);
napi_value shim_fail(napi_env env);                /* -errno */
napi_value shim_result(napi_env env, int outcome); /* 0, or -errno when `outcome` is negative */

#define SHIM_FUNCTION(name) napi_value name(napi_env env, napi_callback_info info)

/* Every export: its name in JavaScript, its function here. */
#define SHIM_EXPORTS(X) \
  X(tunOpen, tun_open) X(tunOffload, tun_offload) X(tunPersist, tun_persist) \
  X(queueAttach, queue_attach) X(interruptible, interruptible) X(wakeReader, wake_reader) \
  X(nowMs, now_ms) X(eventFd, event_fd) X(signalFd, signal_fd) X(watchFd, watch_fd) X(unwatchFd, unwatch_fd) \
  X(mapFd, map_fd) X(lockFd, lock_fd) X(yieldThread, yield_thread) \
  X(threadNs, thread_ns) X(threadSlice, thread_slice) \
  X(sdNotify, sd_notify) X(udpOpen, udp_open) X(udpConnect, udp_connect) X(udpPort, udp_port) \
  X(udpAttach, udp_attach) X(udpReceive, udp_receive) X(udpSend, udp_send) X(udpWatch, udp_watch) \
  X(udpClose, udp_close)

#define SHIM_DECLARE(text, name) SHIM_FUNCTION(name);
SHIM_EXPORTS(SHIM_DECLARE)

#endif
