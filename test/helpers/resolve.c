/*
 * getaddrinfo for IPv4 through the C library this is linked with: one address a line; exit 1 with its message otherwise.
 * A library may return more than it was asked for: musl takes every address record of the answer.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

int main(int argc, char **argv) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  char text[INET6_ADDRSTRLEN];
  if (argc != 2) return 2;
  const int failure = getaddrinfo(argv[1], NULL, &hints, &found);
  if (failure != 0) {
    fprintf(stderr, "%s\n", gai_strerror(failure));
    return 1;
  }
  for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
    const void *address = at->ai_family == AF_INET6 ? (const void *)&((struct sockaddr_in6 *)at->ai_addr)->sin6_addr
                                                    : (const void *)&((struct sockaddr_in *)at->ai_addr)->sin_addr;
    puts(inet_ntop(at->ai_family, address, text, sizeof text));
  }
  return 0;
}
