/* Files as memory. */
#include "shim.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void unmap(napi_env env, void *memory, void *bytes) {
  (void)env;
  munmap(memory, (size_t)bytes);
}

/* mapFd(fd, bytes, writable): an ArrayBuffer over the mapping, or -errno; -ENODATA: the file is shorter. */
SHIM_FUNCTION(map_fd) {
  napi_value buffer;
  int32_t fd;
  int64_t bytes;
  bool writable;
  struct stat file;
  if (!shim_parse(env, info, "ilb", &fd, &bytes, &writable)) return NULL;
  if (bytes <= 0) return shim_number(env, -EINVAL);
  if (fstat(fd, &file) < 0) return shim_fail(env);
  if (S_ISREG(file.st_mode) && file.st_size < bytes) return shim_number(env, -ENODATA); /* SIGBUS otherwise */
  const int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void *memory = mmap(NULL, (size_t)bytes, access, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return shim_fail(env);
  const size_t size = (size_t)bytes;
  const napi_status status =
      napi_create_external_arraybuffer(env, memory, size, unmap, (void *)size, &buffer);
  if (status == napi_ok) return buffer;
  munmap(memory, size);
  return shim_number(env, -ENOTSUP);
}

/* lockFd(fd): 0, or -EWOULDBLOCK when another open file holds the lock. */
SHIM_FUNCTION(lock_fd) {
  int32_t fd;
  if (!shim_parse(env, info, "i", &fd)) return NULL;
  return shim_result(env, flock(fd, LOCK_EX | LOCK_NB));
}
