#include "runtime/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace slipway::runtime {
using base::Code;

namespace {

std::unexpected<base::Error> failed(const char* what, const std::string& path) {
  const int error = errno;
  const Code code = error == ENOENT                     ? Code::NotFound
                    : error == EACCES || error == EPERM ? Code::Forbidden
                                                        : Code::Unavailable;
  return base::fail(code, std::string("cannot ") + what + " " + path + ": " + std::strerror(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  bool close() { return ::close(release()) == 0; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

base::Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed("open", path);
  std::string out;
  char buffer[64 << 10];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n == 0) return out;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", path);
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > limit)
      return base::fail(Code::TooLarge, path + " is larger than " + std::to_string(limit) + " bytes");
  }
}

base::Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 600 from the start
  if (!file) return failed("create a file beside", path);
  const bool written = write_all(file.get(), bytes) && ::fchmod(file.get(), mode) == 0 && ::fsync(file.get()) == 0;
  if (!written || !file.close() || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const auto error = failed("write", path);
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_directory(folder_of(path));
}

base::Result<void> sync_directory(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return failed("open", path);
  if (::fsync(folder.get()) != 0) return failed("sync", path);
  return {};
}

base::Result<void> make_directories(const std::string& path, mode_t mode) {
  for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1)) {
    const std::string parent = path.substr(0, at);
    if (::mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST) return failed("make the folder", parent);
  }
  if (::mkdir(path.c_str(), mode) == 0) {
    if (::chmod(path.c_str(), mode) != 0) return failed("set the mode of", path);  // whatever the umask says
    return {};
  }
  if (errno != EEXIST) return failed("make the folder", path);
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  errno = ENOTDIR;
  return failed("make the folder", path);
}

base::Result<void> check_private(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return failed("look at", path);
  if ((status.st_mode & 077) == 0) return {};
  return base::fail(Code::Forbidden, path + " is open to other users; it holds secrets. Run: chmod 600 " + path);
}

// --- LockFile ---------------------------------------------------------------------------------------------

namespace {
// A lock of the open file description (fcntl(2), "Open file description locks"): it can be asked after without being
// taken, so that nobody who looks stands in the way of a server that starts.
struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}
}  // namespace

base::Result<std::unique_ptr<LockFile>> LockFile::acquire(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return failed("open", path);
  struct flock lock = whole_file();
  if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) return failed("lock", path);
    const pid_t pid = holder(path);
    return base::fail(Code::AlreadyExists,
                      path + " is held by another server" + (pid > 0 ? " (process " + std::to_string(pid) + ")" : ""));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0 || !write_all(file.get(), pid)) return failed("write", path);
  return std::unique_ptr<LockFile>(new LockFile(file.release()));
}

pid_t LockFile::holder(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct flock lock = whole_file();
  if (!file || ::fcntl(file.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
  char text[32] = {};
  if (::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  return static_cast<pid_t>(std::strtol(text, nullptr, 10));
}

LockFile::~LockFile() { ::close(fd_); }

}  // namespace slipway::runtime
