// Small wrappers over system calls that every file of this module needs. Failures carry the call, the path and the
// system's words.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "node/unique_fd.h"

namespace slipway::node {

// An Error from errno: NotFound for ENOENT, Forbidden for EPERM and EACCES, Unavailable for ENOSPC, Internal otherwise.
base::Error os_error(std::string_view what, int number);
std::unexpected<base::Error> os_fail(std::string_view what);  // with the current errno

// Runs steps that return Result<void>, until one fails.
template <class... Steps>
base::Result<void> in_turn(Steps&&... steps) {
  base::Result<void> result;
  (void)((result = steps(), result.has_value()) && ...);
  return result;
}

base::Time wall_now();
base::MonoTime mono_now();

base::Result<std::string> read_file(const std::string& path, std::size_t limit = 64u << 20);
base::Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode = 0644);
// Temporary file, fsync, rename, fsync of the folder.
base::Result<void> write_file_durably(const std::string& path, std::string_view bytes, mode_t mode = 0600);
base::Result<void> write_all(int fd, std::string_view bytes);
base::Result<void> make_folders(const std::string& path, mode_t mode);  // all missing ones get `mode`
base::Result<void> remove_tree(const std::string& path);                // follows no link; absent is fine
bool exists(const std::string& path);
// Opens what lies below the folder `root` and is reached without a link; errno says why not. "" is the folder itself.
UniqueFd open_beneath(int root, const std::string& path, int flags);

// The start time of a process in clock ticks since boot (proc(5), field 22): with the pid it names a process for good.
// 0 when it is gone.
std::uint64_t start_ticks_of(pid_t pid);

}  // namespace slipway::node
