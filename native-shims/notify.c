/* Readiness for a service manager: one datagram to $NOTIFY_SOCKET, as sd_notify(3) describes. */
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* sdNotify(message): 1 when sent, 0 when there is nobody to tell, or -errno. */
SHIM_FUNCTION(sd_notify) {
  char message[512];
  if (!shim_parse(env, info, "s", message, sizeof message)) return NULL;
  const char *path = getenv("NOTIFY_SOCKET");
  if (path == NULL || path[0] == '\0') return shim_number(env, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return shim_number(env, -ENAMETOOLONG);
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0'; /* abstract: no file, and no terminator counts */
  const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return shim_fail(env);
  const ssize_t sent = sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
  const int reason = errno;
  close(fd);
  return shim_number(env, sent < 0 ? -reason : 1);
}
