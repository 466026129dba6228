/* history.c -- what was typed, kept between sessions.
 *
 * The file is the one that readline writes: a line `#time` in front of each entry, which may have several
 * lines. It is read and written here all the same: readline 8.2 cuts a file that became too long between a
 * time and its entry, after which every entry of several lines falls apart, and takes `#5` within an entry
 * for a time. Lines before the first time are an entry each.
 *
 * An entry is added in one write, under a lock. When the file has grown a tenth too long, the newest entries go
 * to a temporary file that takes its place; another session that waits for the lock then finds that its
 * file is no longer the one of that name, and opens it anew. */
#include "shell/history.h"

#ifndef RM_HAVE_READLINE

void shell_history_open(void) {}
void shell_history_add(const char *entry) { (void)entry; }

#else

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <readline/history.h>
#include "io/leftovers.h"

enum { MOST_ENTRIES = 10000 };
enum { MOST_BYTES = 64 << 20 }; /* that are read, from the end */

static char path[PATH_MAX]; /* empty: nothing is kept */

/* Says what is wrong, once: nothing is kept from then on. */
static void give_up(const char *reason) {
  fprintf(stderr, "resmoon: no history is kept: %s: %s\n", path, reason);
  *path = '\0';
}

/* Whether it fits. */
static int set_path(const char *folder, const char *name) {
  int length = snprintf(path, sizeof path, "%s%s", folder, name);
  if (length < (int)sizeof path) return 1;
  fputs("resmoon: no history is kept: the name of its file is too long\n", stderr);
  *path = '\0';
  return 0;
}

static void find_path(void) {
  const char *given = getenv("RESMOON_HISTORY");
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (given) {
    set_path(given, "");
  } else if (state && *state) {
    if (!set_path(state, "/resmoon")) return;
    mkdir(state, 0700);
    mkdir(path, 0700);
    set_path(state, "/resmoon/history");
  } else if (home && *home) {
    set_path(home, "/.resmoon_history");
  }
  char *real = *path ? realpath(path, NULL) : NULL; /* renaming would replace a link */
  if (real && strlen(real) < sizeof path) strcpy(path, real);
  free(real);
}

/* --- the text of a file ------------------------------------------------------------------ */

/* Whether a line of `length` bytes is a time: # and digits, as many as times have had since 1973. */
static int is_time(const char *line, size_t length) {
  if (length < 10 || length > 20 || *line != '#') return 0;
  for (size_t i = 1; i < length; i++)
    if (line[i] < '0' || line[i] > '9') return 0;
  return 1;
}

typedef struct {
  const char *time; /* the line, or NULL */
  const char *text;
  size_t length;
} entry;

/* The end of the line at `at`: its newline, or the end of the text. */
static const char *line_end(const char *at, const char *end) {
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  return newline ? newline : end;
}

/* Reads the entry at *at and moves *at behind it. 0 at the end. `timed`: a time has been seen. */
static int next_entry(const char **at, const char *end, int *timed, entry *found) {
  const char *line = *at, *stop;
  found->time = NULL;
  for (; line < end && is_time(line, (size_t)((stop = line_end(line, end)) - line)); line = stop + (stop < end)) {
    found->time = line;
    *timed = 1;
  }
  if (line >= end) return 0;
  found->text = line;
  stop = line_end(line, end);
  while (*timed && stop < end) {
    const char *next = stop + 1, *next_stop = line_end(next, end);
    if (is_time(next, (size_t)(next_stop - next))) break;
    stop = next_stop;
  }
  found->length = (size_t)(stop - found->text);
  *at = stop + (stop < end);
  while (found->length > 0 && found->text[found->length - 1] == '\n') found->length--;
  return 1;
}

/* Empty ones, and those with zero bytes, are what a crash left. */
static int is_whole(const entry *e) { return e->length > 0 && !memchr(e->text, '\0', e->length); }

/* --- files ----------------------------------------------------------------------------------- */

/* The whole file, or its last MOST_BYTES from the start of an entry on; NULL with errno. (A part of what is there would
 * be taken for all of it, and the rest be lost where the file is cut.) */
static char *read_all(int file, size_t *length) {
  struct stat info;
  if (fstat(file, &info) < 0) return NULL;
  off_t from = info.st_size > MOST_BYTES ? info.st_size - MOST_BYTES : 0;
  size_t size = (size_t)(info.st_size - from), got = 0;
  char *text = malloc(size + 1);
  while (text && got < size) {
    ssize_t n = pread(file, text + got, size - got, from + (off_t)got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int reason = errno;
      free(text);
      errno = reason;
      return NULL;
    }
    if (n == 0) break; /* another program has made it shorter */
    got += (size_t)n;
  }
  if (text && from > 0) { /* not within an entry */
    char *at = text, *end = text + got;
    while (at < end && !is_time(at, (size_t)(line_end(at, end) - at))) at = (char *)line_end(at, end) + 1;
    if (at < end) {
      memmove(text, at, (size_t)(end - at));
      got = (size_t)(end - at);
    }
  }
  *length = got;
  return text;
}

/* 0, or -1 with errno. */
static int write_all(int file, const char *text, size_t length) {
  while (length > 0) {
    ssize_t n = write(file, text, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    text += n;
    length -= (size_t)n;
  }
  return 0;
}

/* The file of that name, open and locked; -1 with errno. */
static int open_locked(void) {
  for (;;) {
    int file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (file < 0) return -1;
    struct stat ours, named;
    while (flock(file, LOCK_EX) < 0 && errno == EINTR) {
    }
    int failed = fstat(file, &ours) < 0 || (stat(path, &named) < 0 && errno != ENOENT);
    if (!failed && ours.st_nlink > 0 && ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) return file;
    int reason = errno;
    close(file);
    if (failed) {
      errno = reason;
      return -1;
    }
    /* another session has rewritten it meanwhile */
  }
}

/* --- reading, rewriting ---------------------------------------------------------------------- */

/* Gives the newest entries to readline; *all is how many there are in all. 0 if this is some other file, which
 * is left alone. */
static int recall(const char *text, size_t length, size_t *all) {
  entry found;
  int timed = 0;
  size_t count = 0;
  for (const char *at = text; next_entry(&at, text + length, &timed, &found);) count += is_whole(&found);
  if (!timed && memchr(text, '\0', length)) return 0;
  *all = count;
  size_t skipped = count > MOST_ENTRIES ? count - MOST_ENTRIES : 0, i = 0;
  timed = 0;
  for (const char *at = text; next_entry(&at, text + length, &timed, &found);) {
    if (!is_whole(&found) || i++ < skipped) continue;
    char *line = strndup(found.text, found.length);
    if (line) add_history(line);
    free(line);
  }
  return 1;
}

/* Writes the newest entries to `file`; 0, or -1 with errno. */
static int write_newest(FILE *file, const char *text, size_t length, size_t count) {
  entry found;
  int timed = 0;
  size_t i = 0;
  for (const char *at = text; next_entry(&at, text + length, &timed, &found);) {
    if (!is_whole(&found) || i++ + MOST_ENTRIES < count) continue;
    if (found.time) fprintf(file, "%.*s\n", (int)(line_end(found.time, found.text) - found.time), found.time);
    else fprintf(file, "#%ld\n", (long)time(NULL));
    fwrite(found.text, 1, found.length, file);
    fputc('\n', file);
  }
  if (fflush(file) != 0 || ferror(file) || fsync(fileno(file)) < 0) return -1;
  return 0;
}

/* Cuts the file, which is locked. 0, or -1 with errno; then it is as it was. */
static int rewrite(const char *text, size_t length, size_t count, mode_t mode) {
  char temporary[PATH_MAX + 64];
  rm_temporary_name(path, temporary, sizeof temporary);
  int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
  FILE *stream = file < 0 ? NULL : fdopen(file, "w");
  if (!stream) {
    int reason = errno;
    if (file >= 0) close(file), unlink(temporary);
    errno = reason;
    return -1;
  }
  flock(file, LOCK_EX | LOCK_NB);
  int failed = write_newest(stream, text, length, count);
  int reason = errno;
  if (fclose(stream) != 0 && !failed) failed = -1, reason = errno;
  if (!failed && rename(temporary, path) < 0) failed = -1, reason = errno;
  if (failed) unlink(temporary);
  errno = reason;
  return failed;
}

static void remove_leftovers(void) {
  char folder[PATH_MAX];
  const char *slash = strrchr(path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash > path ? (int)(slash - path) : 1, slash ? path : ".");
  rm_leftovers_remove(folder);
}

/* Reads the file, and cuts it where it is too long. */
static void take_up(int file, int may_write) {
  struct stat info;
  size_t length;
  char *text = read_all(file, &length);
  if (!text || fstat(file, &info) < 0) {
    give_up(strerror(errno));
    free(text);
    return;
  }
  size_t count;
  if (!recall(text, length, &count)) {
    give_up("it is not a history");
    free(text);
    return;
  }
  int too_long = count > MOST_ENTRIES + MOST_ENTRIES / 10 || info.st_size > MOST_BYTES;
  if (may_write && too_long && rewrite(text, length, count, info.st_mode) < 0)
    fprintf(stderr, "resmoon: the history cannot be shortened: %s: %s\n", path, strerror(errno));
  free(text);
}

void shell_history_open(void) {
  using_history();
  stifle_history(MOST_ENTRIES);
  find_path();
  if (!*path) return;
  struct stat info;
  if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* a pipe would make us wait; /dev/null is a wish */
    if (S_ISCHR(info.st_mode)) *path = '\0';
    else give_up(S_ISDIR(info.st_mode) ? strerror(EISDIR) : "not a file");
    return;
  }
  int file = open_locked();
  if (file >= 0) {
    remove_leftovers();
    take_up(file, 1);
    close(file);
    return;
  }
  int reason = errno;
  file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* then it can be recalled, if not added to */
  if (file >= 0) {
    take_up(file, 0);
    close(file);
  }
  if (*path) give_up(strerror(reason));
}

/* --- adding -------------------------------------------------------------------------------------- */

/* A line of an entry that looks like a time gets a blank in front, which is nothing to Lua. */
static void write_entry(FILE *file, const char *text) {
  const char *end = text + strlen(text);
  fprintf(file, "#%ld\n", (long)time(NULL));
  for (const char *line = text; line <= end; line = line_end(line, end) + 1) {
    size_t length = (size_t)(line_end(line, end) - line);
    if (is_time(line, length)) fputc(' ', file);
    fwrite(line, 1, length, file);
    fputc('\n', file);
  }
}

/* Adds text to the file, all of it or nothing. 0, or -1 with errno. */
static int append(int file, const char *text, size_t length) {
  struct stat info;
  char last = '\n';
  if (fstat(file, &info) < 0) return -1;
  if (info.st_size > 0 && pread(file, &last, 1, info.st_size - 1) < 0) return -1;
  int failed = last != '\n' ? write_all(file, "\n", 1) : 0; /* what a crash cut off stays an entry of its own */
  if (!failed) failed = write_all(file, text, length);
  int reason = errno;
  if (failed && ftruncate(file, info.st_size) < 0) reason = errno;
  errno = reason;
  return failed;
}

static void keep(const char *text) {
  char *bytes = NULL;
  size_t length = 0;
  FILE *memory = open_memstream(&bytes, &length);
  if (!memory) {
    give_up(strerror(errno));
    return;
  }
  write_entry(memory, text);
  int failed = fclose(memory) != 0, file = -1;
  if (!failed) failed = (file = open_locked()) < 0 || append(file, bytes, length) < 0;
  int reason = errno;
  if (file >= 0 && close(file) < 0 && !failed) failed = 1, reason = errno;
  free(bytes);
  if (failed) give_up(strerror(reason));
}

void shell_history_add(const char *text) {
  HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
  if (last && strcmp(last->line, text) == 0) return;
  add_history(text);
  if (*path) keep(text);
}

#endif
