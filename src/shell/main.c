/* main.c -- the program people type at: options, scripts, the prompt.
 *
 * The command line is Lua's own (-e, -l, -i, -, -v, a script and its arguments in `arg`), and
 * `resmoon NAME args` runs scripts/NAME.lua. Everything of ResMoon is there as globals: rm, nn,
 * optim, models, data, plot, train, metrics, search. */
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bind/bind.h"
#include "parallel/pool.h"
#include "shell/interrupt.h"
#include "shell/longwork.h"
#include "shell/paths.h"
#include "shell/pattern.h"
#include "shell/protect.h"
#include "shell/repl.h"
#include "shell/run.h"
#include "shell/textonly.h"

static void print_help(void) {
  puts(
      "usage: resmoon [options] [script [arguments]]\n"
      "       resmoon NAME [arguments]\n"
      "\n"
      "Without a script: the prompt; if the input is no terminal, it is run as a script.\n"
      "\n"
      "options\n"
      "  -e CODE     run CODE\n"
      "  -l MODULE   require MODULE, as a global of that name; -l NAME=MODULE: as NAME\n"
      "  -i          the prompt afterwards\n"
      "  -           run standard input\n"
      "  --          no more options\n"
      "  --trace     tracebacks show the library's lines, too\n"
      "  --strict    reading a global that nobody assigned is an error (at the prompt it always is)\n"
      "  -v          print the version\n"
      "  --help      print this\n"
      "\n"
      "NAME is one of (resmoon NAME --help says more)");
  shell_list_scripts("  ");
  puts(
      "\n"
      "environment\n"
      "  RESMOON_NUM_THREADS  threads to compute with (default: all processors)\n"
      "  RESMOON_HISTORY      file of what was typed (empty: none)\n"
      "  RESMOON_STARTUP      file that the prompt runs first (empty: none; ~/.config/resmoon/startup.lua)\n"
      "  RESMOON_HOME         folder with lua/ and scripts/, if not beside the program\n"
      "  RESMOON_TRACEBACK    full: as --trace\n"
      "  NO_COLOR             no color");
}

/* Options come first; `script` is the index of the script's name, argc if there is none. */
typedef struct {
  int script;
  int interactive;
  int runs_code; /* -e or -l was given */
  int version;
  int strict;
} command_line;

static void unknown_option(const char *option) {
  static const char *const known[] = {"-e", "-l", "-i", "-v", "--trace", "--strict", "--version", "--help"};
  bind_nearest best = bind_nearest_start(option);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) bind_nearest_offer(&best, known[i]);
  fprintf(stderr, "resmoon: unknown option %s", option);
  if (best.name && option[1] == '-') fprintf(stderr, ", did you mean %s?", best.name);
  else if (option[1] == '-')
    fputs(": options of a command stand behind its name, as in  resmoon train --epochs 3", stderr);
  fputs(" (resmoon --help lists them)\n", stderr);
}

/* Returns 0, or prints what is wrong and returns 1. */
static int parse(int argc, char **argv, command_line *options) {
  memset(options, 0, sizeof *options);
  int i = 1;
  for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
    const char *option = argv[i];
    if (strcmp(option, "--") == 0) {
      i++;
      break;
    } else if (strcmp(option, "-i") == 0) {
      options->interactive = 1;
    } else if (strcmp(option, "--trace") == 0) {
      setenv("RESMOON_TRACEBACK", "full", 1);
    } else if (strcmp(option, "--strict") == 0) {
      options->strict = 1;
    } else if (strcmp(option, "-v") == 0 || strcmp(option, "--version") == 0) {
      options->version = 1;
    } else if (strncmp(option, "-e", 2) == 0 || strncmp(option, "-l", 2) == 0) {
      options->runs_code = 1;
      if (!option[2] && ++i == argc) {
        fprintf(stderr, "resmoon: %s: an argument is missing\n", option);
        return 1;
      }
    } else {
      unknown_option(option);
      return 1;
    }
  }
  options->script = i;
  return 0;
}

/* The global `arg`: the script is arg[0], its arguments follow, the program and its options have
 * negative indices. Without a script the program is arg[0]. */
static void set_arg(lua_State *L, int argc, char **argv, int script) {
  int zero = script < argc ? script : 0;
  lua_createtable(L, argc - zero, zero + 1);
  for (int i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - zero);
  }
  lua_setglobal(L, "arg");
}

/* Calls the chunk on top, or prints why it did not load. Returns the exit status. */
static int run(lua_State *L, int load_status, int nargs) {
  if (load_status != LUA_OK || shell_call(L, nargs, 0) != LUA_OK) return shell_report(L);
  return 0;
}

/* -l NAME=MODULE or -l MODULE */
static int require_global(lua_State *L, const char *what) {
  const char *equals = strchr(what, '=');
  lua_getglobal(L, "require");
  lua_pushstring(L, equals ? equals + 1 : what);
  if (shell_call(L, 1, 1) != LUA_OK) return shell_report(L);
  lua_pushlstring(L, what, equals ? (size_t)(equals - what) : strlen(what));
  lua_insert(L, -2);
  lua_pushglobaltable(L);
  lua_insert(L, -3);
  lua_settable(L, -3);
  lua_pop(L, 1);
  return 0;
}

/* Runs -e and -l in the order given; stops at the first failure. */
static int run_options(lua_State *L, char **argv, int end) {
  for (int i = 1; i < end; i++) {
    char kind = argv[i][1];
    if (kind != 'e' && kind != 'l') continue;
    const char *value = argv[i][2] ? argv[i] + 2 : argv[++i];
    int status = kind == 'l' ? require_global(L, value)
                             : run(L, luaL_loadbufferx(L, value, strlen(value), "=(command line)", "t"), 0);
    if (status != 0) return status;
  }
  return 0;
}

static int is_file(const char *name) { return access(name, F_OK) == 0; }

/* Runs the script argv[0] with the arguments behind it. */
static int run_script(lua_State *L, int argc, char **argv) {
  const char *name = argv[0];
  char path[PATH_MAX + 64];
  if (strcmp(name, "-") == 0) {
    name = NULL;
  } else if (shell_find_script(name, path, sizeof path)) {
    name = path;
  } else if (!is_file(name)) {
    const char *nearest = shell_nearest_script(name);
    fprintf(stderr, "resmoon: there is no file and no script named %s", name);
    if (nearest) fprintf(stderr, ", did you mean %s?", nearest);
    fputs(" (resmoon --help lists the scripts)\n", stderr);
    return 1;
  }
  int status = luaL_loadfilex(L, name, "t");
  int nargs = 0;
  if (status == LUA_OK) {
    luaL_checkstack(L, argc, "too many arguments");
    for (; nargs < argc - 1; nargs++) lua_pushstring(L, argv[nargs + 1]);
  }
  return run(L, status, nargs);
}

/* The exit status of what ended with `status`. Output that was lost is a failure, as of any program that writes to a full
 * disk; also where a print in between was the one that failed, which Lua's print ignores. Where nobody reads any more
 * (`| head`) nobody misses it. */
static int finish_output(int status) {
  errno = 0;
  int failed = fflush(stdout) != 0;
  const char *reason = errno ? strerror(errno) : NULL;
  if ((failed || ferror(stdout)) && status == 0 && shell_ending() != SIGPIPE) {
    fprintf(stderr, "resmoon: not all of the output could be written%s%s\n", reason ? ": " : "", reason ? reason : "");
    status = 1;
  }
  return shell_exit_status(status == 0 && shell_ending() ? 130 : status);
}

/* os.exit: of a script that a signal has stopped the status is that of the signal. */
static int exit_with_signal(lua_State *L) {
  int status = lua_isboolean(L, 1) ? (lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE)
                                   : (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
  shell_interrupt_close();
  if (lua_toboolean(L, 2)) lua_close(L);
  signal(SIGPIPE, SIG_IGN);
  if (!shell_ending()) exit(finish_output(status));
  exit(shell_exit_status(status));
}

static void replace_exit(lua_State *L) {
  lua_getglobal(L, "os");
  lua_pushcfunction(L, exit_with_signal);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 1);
}

/* Standard input that is no terminal. An expression alone is not a statement: people pipe one as they type it. */
static int run_input(lua_State *L) {
  int loaded = luaL_loadfilex(L, NULL, "t");
  int status = run(L, loaded, 0);
  if (loaded == LUA_ERRSYNTAX)
    fputs("(input that is not a terminal is run as a script; resmoon -i reads it as the prompt does)\n", stderr);
  return status;
}

/* Lua's libraries, the C core and the ways into both. */
static int open_libraries(lua_State *L) {
  luaL_openlibs(L);
  shell_textonly_open(L);
  shell_set_package_path(L);
  luaL_requiref(L, "resmoon.core", luaopen_resmoon_core, 0);
  shell_interrupt_open(L);
  shell_protect_open(L);
  shell_pattern_open(L);
  shell_longwork_open(L);
  replace_exit(L);
  return 0;
}

/* The Lua library, and its names as globals. */
static int give_globals(lua_State *L) {
  if (!shell_home()) {
    fputs(
        "resmoon: the Lua library is missing: it was expected in the source tree around the\n"
        "program, in ../share/resmoon of the program's folder, or where RESMOON_HOME says\n",
        stderr);
    return 1;
  }
  shell_trace_open(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "resmoon.shell.globals");
  return shell_call(L, 1, 0) == LUA_OK ? 0 : shell_report(L);
}

/* --strict: lua/resmoon/shell/strict.lua */
static int be_strict(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "resmoon.shell.strict");
  if (shell_call(L, 1, 1) != LUA_OK) return shell_report(L);
  lua_getfield(L, -1, "watch");
  lua_pushliteral(L, "all");
  return run(L, LUA_OK, 1);
}

static int run_all(lua_State *L, int argc, char **argv, const command_line *options) {
  int status = run_options(L, argv, options->script);
  if (status == 0 && options->script < argc) status = run_script(L, argc - options->script, argv + options->script);
  int nothing = options->script == argc && !options->runs_code && !options->version;
  if (shell_ending()) return status;
  if (options->interactive || (nothing && isatty(STDIN_FILENO))) {
    int failed = shell_repl(L);
    return status ? status : failed;
  }
  if (nothing) status = run_input(L);
  return status;
}

int main(int argc, char **argv) {
  command_line options;
  if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    print_help();
    return finish_output(0);
  }
  if (parse(argc, argv, &options) != 0) return 1;
  lua_State *L = luaL_newstate();
  if (!L) {
    fputs("resmoon: out of memory\n", stderr);
    return 1;
  }
  lua_pushcfunction(L, open_libraries);
  int status = lua_pcall(L, 0, 0, 0) == LUA_OK ? 0 : shell_report(L);
  if (status == 0) {
    set_arg(L, argc, argv, options.script);
    status = give_globals(L);
  }
  if (status == 0 && options.version) {
    lua_getglobal(L, "rm");
    lua_getfield(L, -1, "version");
    printf("ResMoon %s, %s\n", lua_tostring(L, -1), LUA_RELEASE);
    lua_settop(L, 0);
  }
  if (status == 0 && options.strict) status = be_strict(L);
  if (status == 0) status = run_all(L, argc, argv, &options);
  shell_interrupt_close(); /* finalizers that do not end can be stopped */
  lua_close(L);
  rm_threads_stop();
  signal(SIGPIPE, SIG_IGN);
  return finish_output(status);
}
