// Files, as a program that must survive a crash uses them. All calls block; they are for start-up and for edges with a
// thread.
//
// Errors: NotFound, Forbidden (permissions), Unavailable (disk full, I/O error ...); messages name the path and the
// cause.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace slipway::runtime {

// The whole file. TooLarge beyond `limit` bytes.
base::Result<std::string> read_file(const std::string& path, std::size_t limit = 64u << 20);

// Replaces the file or leaves it as it was, even if the machine stops in the middle: temporary file beside it, fsync,
// rename, fsync of the folder. The file gets exactly `mode`.
base::Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode = 0644);

// Makes the folder and its parents. The last one gets exactly `mode` if it is new.
base::Result<void> make_directories(const std::string& path, mode_t mode = 0755);
base::Result<void> sync_directory(const std::string& path);

// Forbidden when others than the owner may read or write the file ("chmod 600 ..."); NotFound when it is absent.
base::Result<void> check_private(const std::string& path);

// One process at a time. The file holds the owner's pid; it stays behind, the lock itself dies with the process and is
// not inherited by programs that it starts. AlreadyExists when another process holds it; the message names its pid.
class LockFile {
 public:
  static base::Result<std::unique_ptr<LockFile>> acquire(const std::string& path);
  // The pid of the process that holds the lock now; 0 when nobody does.
  static pid_t holder(const std::string& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace slipway::runtime
