/* Traffic for the real kernel: what bench/ asks of podwire, asked of Linux. One thread, blocking sockets, nothing tuned.
 *   traffic udp-sink PORT                      counts datagrams until none has come for 200 ms
 *   traffic udp-flood ADDR PORT BYTES MS       sends as fast as one thread can
 *   traffic tcp-sink PORT                      counts bytes of one connection
 *   traffic tcp-flood ADDR PORT MS             writes 128 kB at a time
 *   traffic tcp-serve PORT                     answers a request with a reply, then waits for the close, connection after connection
 *   traffic tcp-ask ADDR PORT MS               connect, request, reply, close
 * Servers print "ready" once they can be reached; all but tcp-serve print "COUNT SECONDS" at the end. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 17];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in address(const char *text, const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  if (inet_pton(AF_INET, text, &a.sin_addr) != 1) die(text);
  return a;
}

static int open_socket(int type, const char *to, const char *port) {
  int fd = socket(AF_INET, type, 0), on = 1;
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in a = address(to ? to : "0.0.0.0", port);
  if (to ? connect(fd, (struct sockaddr *)&a, sizeof a) : bind(fd, (struct sockaddr *)&a, sizeof a)) die(to ? "connect" : "bind");
  if (!to && type == SOCK_STREAM && listen(fd, 511)) die("listen");
  if (!to) puts("ready"), fflush(stdout);
  return fd;
}

static void report(double count, double seconds) { printf("%.0f %.6f\n", count, seconds); }

static void udp_sink(const char *port) {
  int fd = open_socket(SOCK_DGRAM, NULL, port);
  struct timeval patience = {.tv_usec = 200000};
  long count = 0;
  double first = 0, last = 0;
  if (recv(fd, buffer, sizeof buffer, 0) < 0) die("recv");
  first = last = now();
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  while (recv(fd, buffer, sizeof buffer, 0) >= 0) {
    /* The clock costs as much as a packet's tail: look at it now and then. */
    if ((++count & 63) == 0) last = now();
  }
  report(count, last - first);
}

static void udp_flood(const char *to, const char *port, int bytes, int ms) {
  int fd = open_socket(SOCK_DGRAM, to, port);
  double start = now(), end = start + ms / 1e3;
  long count = 0;
  while ((count & 63) != 0 || now() < end)
    if (send(fd, buffer, bytes, 0) == bytes) count++;
  report(count, now() - start);
}

static void tcp_sink(const char *port) {
  int fd = accept(open_socket(SOCK_STREAM, NULL, port), NULL, NULL);
  double start = now(), total = 0;
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) total += n;
  report(total, now() - start);
}

static void tcp_flood(const char *to, const char *port, int ms) {
  int fd = open_socket(SOCK_STREAM, to, port);
  double start = now(), end = start + ms / 1e3, total = 0;
  while (now() < end) {
    ssize_t n = write(fd, buffer, sizeof buffer);
    if (n < 0) die("write");
    total += n;
  }
  report(total, now() - start);
}

static void tcp_serve(const char *port) {
  int listener = open_socket(SOCK_STREAM, NULL, port);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (read(fd, buffer, sizeof buffer) > 0 && write(fd, buffer, 100) == 100) while (read(fd, buffer, sizeof buffer) > 0);
    close(fd);
  }
}

static void tcp_ask(const char *to, const char *port, int ms) {
  double start = now(), end = start + ms / 1e3;
  long count = 0;
  while (now() < end) {
    int fd = open_socket(SOCK_STREAM, to, port);
    if (write(fd, buffer, 100) != 100 || read(fd, buffer, sizeof buffer) != 100) die("ask");
    close(fd);
    count++;
  }
  report(count, now() - start);
}

int main(int argc, char **argv) {
  const char *mode = argc > 2 ? argv[1] : "";
  if (!strcmp(mode, "udp-sink")) udp_sink(argv[2]);
  else if (!strcmp(mode, "udp-flood") && argc == 6) udp_flood(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
  else if (!strcmp(mode, "tcp-sink")) tcp_sink(argv[2]);
  else if (!strcmp(mode, "tcp-flood") && argc == 5) tcp_flood(argv[2], argv[3], atoi(argv[4]));
  else if (!strcmp(mode, "tcp-serve")) tcp_serve(argv[2]);
  else if (!strcmp(mode, "tcp-ask") && argc == 5) tcp_ask(argv[2], argv[3], atoi(argv[4]));
  else return fputs("usage: see the first lines of traffic.c\n", stderr), 2;
  return 0;
}
