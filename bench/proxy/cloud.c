/*
 * A fake cloud that is never the bottleneck: one thread, epoll, OpenAI's chat replies after a fixed time.
 *   cloud PORT DELAY_MICROSECONDS CHUNKS PACE_MICROSECONDS
 * A request whose body asks for a stream gets CHUNKS events, PACE apart; any other gets a reply about as long as its
 * request. Requests are answered in the order in which they came, which holds since the delay is the same for all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 65536, MAX_REQUEST = 1 << 20 };

struct connection { char *in; size_t have, room; unsigned life; };
/* What is due on a connection; `life` tells whether the descriptor still belongs to whoever asked. */
struct due { long long at; int fd, left; unsigned life; size_t size; };
struct queue { struct due *items; size_t head, tail, room; };

static struct connection connections[MAX_FD];
/* Fixed delays make first-in, first-out queues: one for beginnings, one for the chunks after them. */
static struct queue first, next;
static long long delay, pace;
static int chunks;
static char filler[MAX_REQUEST];

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void push(struct queue *q, struct due d) {
  if (q->tail - q->head == q->room) {
    size_t room = q->room ? q->room * 2 : 1024;
    struct due *items = malloc(room * sizeof *items);
    for (size_t i = q->head; i < q->tail; i++) items[i % room] = q->items[i % q->room];
    free(q->items);
    q->items = items;
    q->room = room;
  }
  q->items[q->tail++ % q->room] = d;
}

static void hang_up(int fd) {
  free(connections[fd].in);
  connections[fd] = (struct connection){.life = connections[fd].life + 1};
  close(fd);
}

/* Replies are small beside the socket's buffer; a peer that lets it fill up is cut off. */
static void put(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EAGAIN) {
      usleep(100);
      continue;
    }
    if (n <= 0) return;
    bytes += n;
    size -= n;
  }
}

static void whole(int fd, size_t size) {
  static char out[MAX_REQUEST + 1024], body[MAX_REQUEST + 512];
  int length = snprintf(body, sizeof body,
      "{\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"gpt\",\"choices\":[{"
      "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%.*s\"},\"finish_reason\":\"stop\"}],"
      "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":8,\"total_tokens\":18}}", (int)size, filler);
  int n = snprintf(out, sizeof out,
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", length, body);
  put(fd, out, n);
}

static void event(int fd, int at) {
  char data[512], out[1024];
  int length = snprintf(data, sizeof data,
      "data: {\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt\","
      "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word%d \"},\"finish_reason\":%s}]}\n\n%s",
      at, at + 1 == chunks ? "\"stop\"" : "null", at + 1 == chunks ? "data: [DONE]\n\n" : "");
  int n = snprintf(out, sizeof out, "%s%x\r\n%s\r\n%s",
      at == 0 ? "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" : "",
      length, data, at + 1 == chunks ? "0\r\n\r\n" : "");
  put(fd, out, n);
}

static long long drain(struct queue *q, long long t) {
  while (q->head < q->tail) {
    struct due d = q->items[q->head % q->room];
    if (d.at > t) return d.at;
    q->head++;
    if (connections[d.fd].life != d.life || !connections[d.fd].in) continue;
    if (d.left == 0) {
      whole(d.fd, d.size);
    } else {
      event(d.fd, chunks - d.left);
      if (d.left > 1) push(&next, (struct due){t + pace, d.fd, d.left - 1, d.life, 0});
    }
  }
  return -1;
}

/* Takes the whole requests that a connection holds; returns false where it cannot go on. */
static int take(int fd) {
  struct connection *c = &connections[fd];
  for (;;) {
    char *end = memmem(c->in, c->have, "\r\n\r\n", 4);
    if (!end) return c->have < MAX_REQUEST;
    size_t head = end + 4 - c->in, body = 0;
    *end = 0;
    char *length = strcasestr(c->in, "\r\ncontent-length:");
    if (length) body = strtoul(length + 17, NULL, 10);
    *end = '\r';
    if (head + body > MAX_REQUEST) return 0;
    if (c->have < head + body) return 1;
    char *asked = memmem(c->in + head, body, "\"stream\"", 8);
    int streamed = asked && memmem(asked, 12 < c->in + head + body - asked ? 16 : 12, "true", 4);
    size_t size = body > 400 ? body - 100 : 40;
    push(&first, (struct due){now() + delay, fd, streamed ? chunks : 0, c->life, size});
    c->have -= head + body;
    memmove(c->in, c->in + head + body, c->have);
  }
}

static int receive(int fd) {
  struct connection *c = &connections[fd];
  for (;;) {
    if (c->room - c->have < 4096) {
      c->room = c->room ? c->room * 2 : 8192;
      c->in = realloc(c->in, c->room);
    }
    size_t room = c->room - c->have - 1;
    ssize_t n = read(fd, c->in + c->have, room);
    if (n < 0 && errno == EAGAIN) return 1;
    if (n <= 0) return 0;
    c->have += n;
    if (!take(fd)) return 0;
    if ((size_t)n < room) return 1;
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: cloud PORT DELAY_US CHUNKS PACE_US\n"), 64;
  delay = atoll(argv[2]) * 1000;
  chunks = atoi(argv[3]);
  pace = atoll(argv[4]) * 1000;
  memset(filler, 'a', sizeof filler);
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1, poll = epoll_create1(0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) return perror("listen"), 1;
  struct epoll_event e = {.events = EPOLLIN, .data.fd = listener}, ready[512];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &e);
  for (;;) {
    long long t = now(), a = drain(&first, t), b = drain(&next, t), wake = a < 0 ? b : b < 0 || a < b ? a : b;
    long long left = wake < 0 ? 0 : wake - now() > 0 ? wake - now() : 0;
    struct timespec wait = {left / 1000000000, left % 1000000000};
    int n = epoll_pwait2(poll, ready, 512, wake < 0 ? NULL : &wait, NULL);
    for (int i = 0; i < n; i++) {
      int fd = ready[i].data.fd;
      if (fd != listener) {
        if (!receive(fd)) hang_up(fd);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_FD) {
          close(fd);
          continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        e = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e);
      }
    }
  }
}
