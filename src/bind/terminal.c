/* terminal.c -- rm.sys: what the terminal is and how large. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "bind/bind.h"
#include "bind/terminal.h"

/* Whether a file is a terminal, and how large the terminal is.
 * Call: rm.sys.isatty(fd) -> boolean
 * Call: rm.sys.winsize() -> rows, columns or nil
 * Units: fd 0, 1, 2 are standard input, output and error; the size is in characters.
 * Errors: none.
 * Example:
 *   > rm.sys.isatty(99)
 *   false */
static int sys_isatty(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* winsize() -> rows, columns of the terminal behind stdout (or stderr); nil if none */
static int sys_winsize(lua_State *L) {
  struct winsize size;
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
      lua_pushinteger(L, size.ws_row);
      lua_pushinteger(L, size.ws_col);
      return 2;
    }
  lua_pushnil(L);
  return 1;
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

/* Asks the terminal a question by an escape code, and reads its answer.
 * Call: rm.sys.ask_terminal(question, last, seconds) -> string or nil
 * Units: seconds to wait. The answer ends with the character `last`; nil without a terminal, or if it says nothing.
 * Errors: none beyond arguments of a wrong type.
 * Example:
 *   > type(rm.sys.ask_terminal)
 *   function */
static int sys_ask_terminal(lua_State *L) {
  size_t length;
  const char *question = luaL_checklstring(L, 1, &length), *last = luaL_checkstring(L, 2);
  double seconds = luaL_checknumber(L, 3);
  if (!(seconds >= 0 && seconds <= 10)) return bind_error(L, "sys.ask_terminal: expected 0 to 10 seconds, got %g", seconds);
  char answer[200];
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
        count = read_until(fd, last[0], (int)(1000 * seconds), answer, sizeof answer);
      tcsetattr(fd, TCSANOW, &before);
    }
  }
  if (fd >= 0) close(fd);
  if (count > 0) lua_pushlstring(L, answer, count);
  else lua_pushnil(L);
  return 1;
}

static const luaL_Reg functions[] = {
  {"isatty", sys_isatty}, {"winsize", sys_winsize}, {"ask_terminal", sys_ask_terminal}, {NULL, NULL},
};

void bind_add_terminal(lua_State *L) { luaL_setfuncs(L, functions, 0); }
