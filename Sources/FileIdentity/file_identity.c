#define _GNU_SOURCE

#include "file_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static bool take(int status, const struct stat *found, file_identity *identity) {
  if (status != 0) return false;
  identity->device = (uint64_t)found->st_dev;
  identity->inode = (uint64_t)found->st_ino;
  return true;
}

#ifdef STATX_INO

#include <sys/sysmacros.h>

/// -1 where the system has no such call, as under Linux before 4.11, or keeps it from this process.
static int identify(int folder, const char *path, int flags, file_identity *identity) {
  struct statx found;
  if (statx(folder, path, flags, STATX_INO, &found) != 0) return errno == ENOSYS || errno == EPERM ? -1 : 0;
  identity->device = (uint64_t)makedev(found.stx_dev_major, found.stx_dev_minor);
  identity->inode = found.stx_ino;
  return 1;
}

#else

static int identify(int folder, const char *path, int flags, file_identity *identity) { return -1; }

#endif

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0
#endif

bool file_identity_of_descriptor(int descriptor, file_identity *identity) {
  int known = identify(descriptor, "", AT_EMPTY_PATH, identity);
  if (known >= 0) return known;
  struct stat found;
  return take(fstat(descriptor, &found), &found, identity);
}

bool file_identity_of_path(const char *path, file_identity *identity) {
  int known = identify(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, identity);
  if (known >= 0) return known;
  struct stat found;
  return take(lstat(path, &found), &found, identity);
}
