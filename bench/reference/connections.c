/*
 * New TCP connections, for bench/compare: dial, and hang up with a reset as soon as the handshake is done, so that no
 * port waits in TIME_WAIT. A dial is SYN, SYN+ACK, ACK, RST.
 *
 *   connections serve PORT                        accepts and forgets; prints `ready`, runs until a signal
 *   connections dial ADDRESS PORT MS AT_ONCE      prints {"made", "failed", "seconds"}
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, BACKLOG = 4096 };

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void hang_up(int fd) {
  const struct linger reset = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
}

_Noreturn static void serve_main(int port) {
  const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof any) < 0 || listen(fd, BACKLOG) < 0) fail("listen");
  puts("ready");
  fflush(stdout);
  for (;;) {
    const int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (peer >= 0) hang_up(peer);
  }
}

static void dial(int poller, const struct sockaddr_in *to) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
  if (fd < 0) fail("socket");
  if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) fail("connect");
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static int dial_main(const char *address, int port, uint64_t ms, int at_once) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct epoll_event events[EVENTS];
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  uint64_t made = 0, failed = 0, now = now_ns();
  const uint64_t begin = now, end = begin + ms * 1000000u;
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) fail(address);
  for (int i = 0; i < at_once; i++) dial(poller, &to);
  for (; now < end; now = now_ns()) {
    const int ready = epoll_wait(poller, events, EVENTS, 100);
    for (int i = 0; i < ready; i++) {
      struct sockaddr_in peer;
      socklen_t length = sizeof peer;
      /* a connection that the server has reset already was made, too */
      const int error = getpeername(events[i].data.fd, (struct sockaddr *)&peer, &length) == 0 ? 0 : errno;
      int pending = 0;
      length = sizeof pending;
      if (error != 0) getsockopt(events[i].data.fd, SOL_SOCKET, SO_ERROR, &pending, &length);
      if (error == 0 || pending == ECONNRESET) made++;
      else failed++;
      hang_up(events[i].data.fd);
      dial(poller, &to);
    }
  }
  printf("{\"made\":%llu,\"failed\":%llu,\"seconds\":%.6f}\n", (unsigned long long)made, (unsigned long long)failed,
         (double)(now - begin) / 1e9);
  return 0;
}

int main(int count, char **argument) {
  if (count == 3 && strcmp(argument[1], "serve") == 0) serve_main(atoi(argument[2]));
  if (count == 6 && strcmp(argument[1], "dial") == 0)
    return dial_main(argument[2], atoi(argument[3]), (uint64_t)atoi(argument[4]), atoi(argument[5]));
  fprintf(stderr, "usage: connections serve PORT | dial ADDRESS PORT MS AT_ONCE\n");
  return 2;
}
