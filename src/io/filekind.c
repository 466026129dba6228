/* filekind.c -- a table of beginnings, and a few kinds that need more than a comparison. */
#define _GNU_SOURCE /* memmem */
#include "io/filekind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define UNPACK_TAR "unpack it (tar -xf FILE) and give the folder"
#define DOWNLOAD "the download failed: fetch the file again, in a browser if need be"
#define CONVERT_IMAGE "convert it to PNG or JPEG"
#define CONVERT_TORCH "in Python: safetensors.torch.save_file(torch.load(FILE), \"weights.safetensors\")"
#define CONVERT_DATA "write its images as PNG files into CLASS folders"

/* `magic` at byte `at`; the first row that fits counts. */
static const struct {
  size_t at, length;
  const char *magic;
  rm_file_kind kind;
} table[] = {
    {0, 3, "\xff\xd8\xff", {"jpeg", "a JPEG image", NULL, true}},
    {0, 8, "\x89PNG\r\n\x1a\n", {"png", "a PNG image", NULL, true}},
    {0, 6, "GIF87a", {"gif", "a GIF image", CONVERT_IMAGE, true}},
    {0, 6, "GIF89a", {"gif", "a GIF image", CONVERT_IMAGE, true}},
    {8, 4, "WEBP", {"webp", "a WebP image", CONVERT_IMAGE, true}},
    {0, 4, "II*\0", {"tiff", "a TIFF image", CONVERT_IMAGE, true}},
    {0, 4, "MM\0*", {"tiff", "a TIFF image", CONVERT_IMAGE, true}},
    {4, 8, "ftypavif", {"avif", "an AVIF image", CONVERT_IMAGE, true}},
    {4, 8, "ftypheic", {"heic", "a HEIC image", CONVERT_IMAGE, true}},
    {4, 8, "ftypmif1", {"heic", "a HEIC image", CONVERT_IMAGE, true}},
    {0, 12, "\0\0\0\x0cjP  \r\n\x87\n", {"jpeg2000", "a JPEG 2000 image", CONVERT_IMAGE, true}},
    {0, 4, "\xff\x4f\xff\x51", {"jpeg2000", "a JPEG 2000 image", CONVERT_IMAGE, true}},
    {0, 12, "\0\0\0\x0cJXL \r\n\x87\n", {"jxl", "a JPEG XL image", CONVERT_IMAGE, true}},
    {0, 4, "8BPS", {"psd", "a Photoshop image", CONVERT_IMAGE, true}},
    {0, 4, "\0\0\1\0", {"ico", "an icon", CONVERT_IMAGE, true}},
    {0, 4, "%PDF", {"pdf", "a PDF document", NULL, false}},
    {0, 2, "\x1f\x8b", {"gzip", "a file packed with gzip", "unpack it (gunzip FILE)", false}},
    {0, 3, "BZh", {"bzip2", "a file packed with bzip2", UNPACK_TAR, false}},
    {0,
     6,
     "\xfd"
     "7zXZ\0",
     {"xz", "a file packed with xz", UNPACK_TAR, false}},
    {0, 4, "\x28\xb5\x2f\xfd", {"zstd", "a file packed with zstd", UNPACK_TAR, false}},
    {257, 5, "ustar", {"tar", "an archive of tar", UNPACK_TAR, false}},
    {0, 6, "7z\xbc\xaf\x27\x1c", {"7z", "an archive of 7-Zip", "unpack it (7z x FILE) and give the folder", false}},
    {0, 6, "Rar!\x1a\x07", {"rar", "a RAR archive", "unpack it (unrar x FILE) and give the folder", false}},
    {0, 6, "\x93NUMPY", {"npy", "a NumPy array (.npy)", CONVERT_DATA, false}},
    {0, 10, "MATLAB 5.0", {"mat", "a Matlab file (.mat)", CONVERT_DATA, false}},
    {0, 10, "MATLAB 7.3", {"mat", "a Matlab file (.mat)", CONVERT_DATA, false}},
    {0, 8, "\x89HDF\r\n\x1a\n", {"hdf5", "an HDF5 file", CONVERT_DATA, false}},
    {0, 4, "PAR1", {"parquet", "a Parquet table", CONVERT_DATA, false}},
    {0, 6, "ARROW1", {"arrow", "an Arrow table", CONVERT_DATA, false}},
    {0, 15, "SQLite format 3", {"sqlite", "an SQLite database", CONVERT_DATA, false}},
    {0,
     42,
     "version https://git-lfs.github.com/spec/v1",
     {"lfs", "a pointer of Git LFS, not the file itself", "fetch it with `git lfs pull` in its repository", false}},
    {0,
     4,
     "\x7f"
     "ELF",
     {"program", "a program", NULL, false}},
    {0, 4, "RIFF", {"riff", "a sound or video file", NULL, false}},
    {4, 4, "ftyp", {"video", "a video", NULL, false}},
};

static const rm_file_kind empty = {"empty", "empty (0 bytes)", "copy or download it again", false};
static const rm_file_kind torch_zip = {"torch", "a file of torch.save (PyTorch)", CONVERT_TORCH, false};
static const rm_file_kind npz = {"npz", "NumPy arrays (.npz)", CONVERT_DATA, false};
static const rm_file_kind keras = {"keras", "a Keras model", NULL, false};
static const rm_file_kind zip = {"zip", "a ZIP archive", "unpack it (unzip FILE) and give the folder", false};
static const rm_file_kind pickle = {"pickle", "a pickle of Python", NULL, false};
static const rm_file_kind torch_old = {"torch", "a file of an old torch.save (PyTorch)", CONVERT_TORCH, false};
static const rm_file_kind tar_gz = {"tar", "an archive of tar packed with gzip", UNPACK_TAR, false};
static const rm_file_kind bmp = {"bmp", "a BMP image", CONVERT_IMAGE, true};
static const rm_file_kind html = {"html", "a web page (HTML)", DOWNLOAD, false};
static const rm_file_kind svg = {"svg", "an SVG drawing", CONVERT_IMAGE, true};
static const rm_file_kind netpbm = {"netpbm", "a PBM, PGM or PPM image", CONVERT_IMAGE, true};
static const rm_file_kind xml = {"xml", "an XML file", NULL, false};
static const rm_file_kind json = {"json", "a JSON file", NULL, false};
static const rm_file_kind safetensors = {"safetensors", "a file of weights (safetensors)", NULL, false};
static const rm_file_kind idx = {"idx", "an IDX file", NULL, false};
static const rm_file_kind text = {"text", "a text file", NULL, false};
static const rm_file_kind zeros = {"zeros", "full of zeros (a download or copy that broke off)",
                                   "copy or download it again", false};
static const rm_file_kind unknown = {"unknown", "of an unknown kind", NULL, false};

static bool contains(const char *head, size_t n, const char *what) { return memmem(head, n, what, strlen(what)); }

/* A ZIP archive by the name of its first member, which follows the header of 30 bytes. */
static rm_file_kind kind_of_zip(const char *head, size_t n) {
  if (contains(head, n, "data.pkl") || contains(head, n, "/version") || contains(head, n, ".data/")) return torch_zip;
  if (contains(head, n < 200 ? n : 200, ".npy")) return npz;
  if (contains(head, n, "metadata.json") && contains(head, n, "keras")) return keras;
  return zip;
}

/* Protocol 2 and later begin with 0x80 and their number; an old torch.save with a long integer. */
static bool is_pickle(const unsigned char *p, size_t n) { return n >= 3 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5; }

static bool is_text(const unsigned char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i] < 9 || (p[i] > 13 && p[i] < 32 && p[i] != 27) || p[i] == 127) return false;
  return true;
}

static bool begins(const char *s, size_t n, const char *word) {
  return n >= strlen(word) && strncasecmp(s, word, strlen(word)) == 0;
}

static rm_file_kind kind_of_text(const char *s, size_t n) {
  while (n > 0 && (strchr(" \t\r\n", *s) != NULL || (unsigned char)*s >= 0xbb)) s++, n--; /* with a byte-order mark */
  if (begins(s, n, "<!doctype html") || begins(s, n, "<html") || begins(s, n, "<head")) return html;
  if (begins(s, n, "<?xml") || begins(s, n, "<svg"))
    return contains(s, n, "<svg") ? svg : contains(s, n, "<html") ? html : xml;
  if (begins(s, n, "<") && contains(s, n, "<body")) return html;
  if (n > 1 && (s[0] == '{' || s[0] == '[')) return json;
  return text;
}

static bool all_zero(const unsigned char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i]) return false;
  return true;
}

/* The length of a header, 8 bytes, and then the header: an object. */
static bool is_safetensors(const unsigned char *p, size_t n) {
  return n > 10 && p[8] == '{' && p[4] == 0 && p[5] == 0 && p[6] == 0 && p[7] == 0 && (p[9] == '"' || p[9] == '}');
}

static bool is_bmp(const unsigned char *p, size_t n) {
  return n >= 18 && p[0] == 'B' && p[1] == 'M' && all_zero(p + 6, 4) && (p[14] == 12 || (p[14] >= 40 && p[14] <= 124));
}

static bool is_netpbm(const unsigned char *p, size_t n) {
  return n >= 8 && p[0] == 'P' && p[1] >= '1' && p[1] <= '6' && (p[2] == '\n' || p[2] == ' ' || p[2] == '\r');
}

rm_file_kind rm_kind_of_bytes(const void *head, size_t n, size_t size) {
  const unsigned char *p = head;
  if (n > RM_KIND_HEAD) n = RM_KIND_HEAD;
  if (size == 0 || n == 0) return empty;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (n >= table[i].at + table[i].length && memcmp(p + table[i].at, table[i].magic, table[i].length) == 0)
      return table[i].kind;
  if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0) return kind_of_zip(head, n);
  if (n >= 4 && memcmp(p, "PK\5\6", 4) == 0) return zip;
  if (is_pickle(p, n)) return n >= 4 && p[2] == 0x8a && p[3] == 10 ? torch_old : pickle;
  if (is_safetensors(p, n)) return safetensors;
  if (is_bmp(p, n)) return bmp;
  if (n >= 8 && p[0] == 0 && p[1] == 0 && p[2] >= 8 && p[2] <= 14 && p[3] >= 1 && p[3] <= 4) return idx;
  if (is_netpbm(p, n)) return netpbm;
  if (is_text(p, n)) return kind_of_text(head, n);
  if (n >= 16 && all_zero(p, n)) return zeros;
  return unknown;
}

/* Up to n bytes from the beginning; less only at the end of the file. */
static ssize_t read_head(int fd, void *into, size_t n) {
  size_t got = 0;
  while (got < n) {
    ssize_t k = read(fd, (char *)into + got, n - got);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return -1;
    if (k == 0) break;
    got += (size_t)k;
  }
  return (ssize_t)got;
}

/* Whether a gzip file holds an archive of tar. One that does not unpack is only packed. */
static rm_status kind_in_gzip(int fd, const char *path, rm_file_kind *kind, rm_error *err) {
  char head[RM_KIND_HEAD];
  if (lseek(fd, 0, SEEK_SET) != 0) return RM_OK;
  int own = dup(fd);
  if (own < 0) return rm_fail(err, RM_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
  gzFile stream = gzdopen(own, "rb");
  if (!stream) {
    close(own);
    return rm_fail(err, RM_ERR_MEMORY, "%s: no memory to unpack it", path);
  }
  int code, n = gzread(stream, head, sizeof head);
  gzerror(stream, &code);
  gzclose_r(stream);
  if (code == Z_MEM_ERROR) return rm_fail(err, RM_ERR_MEMORY, "%s: no memory to unpack it", path);
  if (n <= 0) return RM_OK;
  rm_file_kind inside = rm_kind_of_bytes(head, (size_t)n, (size_t)n);
  if (strcmp(inside.name, "tar") == 0) *kind = tar_gz;
  return RM_OK;
}

rm_status rm_kind_of_file(const char *path, rm_file_kind *kind, rm_error *err) {
  char head[RM_KIND_HEAD];
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe must not hang us */
  if (fd < 0) return rm_fail(err, RM_ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
  struct stat st;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    close(fd);
    return rm_fail(err, RM_ERR_IO, "%s: is not a regular file", path);
  }
  ssize_t n = read_head(fd, head, sizeof head);
  if (n < 0) {
    int reason = errno;
    close(fd);
    return rm_fail(err, RM_ERR_IO, "%s: cannot be read: %s", path, strerror(reason));
  }
  *kind = rm_kind_of_bytes(head, (size_t)n, (size_t)st.st_size);
  rm_status status = strcmp(kind->name, "gzip") == 0 ? kind_in_gzip(fd, path, kind, err) : RM_OK;
  close(fd);
  return status;
}

bool rm_kind_is_foreign(const rm_file_kind *kind) {
  static const char *const vague[] = {"unknown", "text", "json", "idx", "zeros", "empty", "safetensors"};
  for (size_t i = 0; i < sizeof vague / sizeof *vague; i++)
    if (strcmp(kind->name, vague[i]) == 0) return false;
  return true;
}

rm_status rm_kind_refuse(const char *path, const void *bytes, size_t size, const char *expected, const char *reason,
                         rm_error *err) {
  rm_file_kind kind = rm_kind_of_bytes(bytes, size, size);
  if (!rm_kind_is_foreign(&kind) && strcmp(kind.name, "empty") != 0)
    return rm_fail(err, RM_ERR_FORMAT, "%s: %s%s", path, reason,
                   strcmp(kind.name, "text") == 0 ? " (it is a text file)" : "");
  return rm_fail(err, RM_ERR_FORMAT, "%s: is %s, expected %s%s%s", path, kind.text, expected, kind.advice ? ": " : "",
                 kind.advice ? kind.advice : "");
}
