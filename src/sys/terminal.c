/* terminal.c -- see terminal.h. */
#include "sys/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool rm_terminal_size(size_t *rows, size_t *columns) {
  struct winsize size;
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
      *rows = size.ws_row;
      *columns = size.ws_col;
      return true;
    }
  return false;
}

/* Reads until `last` comes, `room` is full or `ms` have passed without a byte. */
static size_t read_until(int fd, char last, int ms, char *into, size_t room) {
  size_t count = 0;
  while (count < room) {
    struct pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, ms) <= 0 || read(fd, into + count, 1) != 1) break;
    if (into[count++] == last) break;
  }
  return count;
}

size_t rm_terminal_ask(const char *question, size_t length, char last, double seconds, char answer[], size_t room) {
  size_t count = 0;
  int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios before;
  if (fd >= 0 && tcgetpgrp(fd) == getpgrp() && tcgetattr(fd, &before) == 0) {
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSANOW, &raw) == 0) {
      if (write(fd, question, length) == (ssize_t)length)
        count = read_until(fd, last, (int)(1000 * seconds), answer, room);
      tcsetattr(fd, TCSANOW, &before);
    }
  }
  if (fd >= 0) close(fd);
  return count;
}
