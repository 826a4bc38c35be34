/// Which file a descriptor or a path leads to.
///
/// `fstat` and `lstat` would do, but they also ask for the file's times: since 6.13 Linux then gives the next write a
/// time of its own and stores it, which adds a third to a small write and its `fdatasync` on ext4. Swift does not see
/// `statx`, which can ask for less.

#ifndef FILE_IDENTITY_H
#define FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint64_t device;
  uint64_t inode;
} file_identity;

/// Of an open file; false where the system does not say, and then `errno` is set.
bool file_identity_of_descriptor(int descriptor, file_identity *identity);

/// Of what has the name, be it a link; false where nothing has or the system does not say, and then `errno` is set.
bool file_identity_of_path(const char *path, file_identity *identity);

#endif
