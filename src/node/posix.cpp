#include "node/posix.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/strings.h"

namespace slipway::node {

namespace {

base::Code code_of_errno(int number) {
  switch (number) {
    case ENOENT:
      return base::Code::NotFound;
    case EPERM:
    case EACCES:
      return base::Code::Forbidden;
    case EEXIST:
      return base::Code::AlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
      return base::Code::Unavailable;
    default:
      return base::Code::Internal;
  }
}

std::int64_t nanoseconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

base::Result<void> sync_folder(const std::string& path) {
  UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || fsync(folder.get()) != 0) return os_fail("sync folder " + path);
  return {};
}

}  // namespace

base::Error os_error(std::string_view what, int number) {
  return base::Error{.code = code_of_errno(number), .message = std::string(what) + ": " + std::strerror(number)};
}

std::unexpected<base::Error> os_fail(std::string_view what) { return base::fail(os_error(what, errno)); }

base::Time wall_now() { return base::Time(base::Duration(nanoseconds_of(CLOCK_REALTIME))); }
base::MonoTime mono_now() { return base::MonoTime(base::Duration(nanoseconds_of(CLOCK_MONOTONIC))); }

base::Result<std::string> read_file(const std::string& path, std::size_t limit) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return os_fail("read " + path);
  std::string out;
  char buffer[65536];
  while (true) {
    const ssize_t n = read(file.get(), buffer, sizeof buffer);
    if (n < 0) return os_fail("read " + path);
    if (n == 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > limit) return base::fail(base::Code::TooLarge, path + " is larger than expected");
  }
}

base::Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_fail("write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

namespace {
base::Result<void> named(const std::string& path, base::Result<void> result) {
  if (!result) result.error().message = path + ": " + result.error().message;
  return result;
}
}  // namespace

base::Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return os_fail("write " + path);
  return named(path, write_all(file.get(), bytes));
}

base::Result<void> write_file_durably(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string fresh = path + ".new";
  UniqueFd file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return os_fail("write " + fresh);
  if (auto written = named(fresh, write_all(file.get(), bytes)); !written) return written;
  if (fsync(file.get()) != 0 || rename(fresh.c_str(), path.c_str()) != 0) return os_fail("replace " + path);
  return sync_folder(folder_of(path));
}

base::Result<void> make_folders(const std::string& path, mode_t mode) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), mode) == 0)
      chmod(part.c_str(), mode);  // the umask must not weaken what was asked for
    else if (errno != EEXIST)
      return os_fail("make folder " + part);
    if (slash == std::string::npos) return {};
  }
}

base::Result<void> remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return base::fail(os_error("remove " + path, error.value()));
  return {};
}

UniqueFd open_beneath(int root, const std::string& path, int flags) {
  open_how how{.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC),
               .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

bool exists(const std::string& path) {
  struct stat s{};
  return lstat(path.c_str(), &s) == 0;
}

std::uint64_t start_ticks_of(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 1 << 16);
  if (!text) return 0;
  const auto name_end = text->rfind(')');  // the name may hold spaces and brackets
  if (name_end == std::string::npos) return 0;
  const auto fields = base::split(std::string_view(*text).substr(name_end + 2), ' ');
  return fields.size() > 19 ? base::parse_uint(fields[19]).value_or(0) : 0;
}

}  // namespace slipway::node
