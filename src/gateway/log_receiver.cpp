#include "gateway/log_receiver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <thread>
#include <vector>

#include "base/strings.h"

namespace slipway::gateway {
namespace {

constexpr std::size_t kLineLimit = 4096;

base::Result<int> listen_on(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof where.sun_path)
    return base::fail(base::Code::Invalid, "the path " + path + " is too long for a socket");
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  unlink(path.c_str());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool good = bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 && chmod(path.c_str(), 0600) == 0 &&
              listen(fd, 64) == 0;
  if (good) return fd;
  std::string why = std::strerror(errno);
  close(fd);
  return base::fail(base::Code::Unavailable, "cannot receive the access log on " + path + ": " + why);
}

}  // namespace

bool take_counted_lines(std::string& buffer, const std::function<void(std::string_view)>& sink) {
  std::string_view rest = buffer;
  while (!rest.empty()) {
    auto space = rest.find(' ');
    if (space == std::string_view::npos && rest.size() > 8) return false;
    if (space == std::string_view::npos) break;
    auto length = base::parse_uint(rest.substr(0, space));
    if (!length || *length == 0 || *length > kLineLimit) return false;
    if (rest.size() < space + 1 + *length) break;
    sink(rest.substr(space + 1, *length));
    rest.remove_prefix(space + 1 + *length);
  }
  buffer.erase(0, buffer.size() - rest.size());
  return true;
}

struct LogReceiver::Impl {
  int listener = -1, stop = -1;
  std::function<void(std::string_view)> sink;
  std::map<int, std::string> senders;  // buffers by descriptor
  std::thread thread;

  ~Impl() {
    std::uint64_t one = 1;
    if (write(stop, &one, sizeof one) == sizeof one && thread.joinable()) thread.join();
    for (auto& [fd, _] : senders) close(fd);
    close(listener);
    close(stop);
  }

  void serve() {
    for (;;) {
      std::vector<pollfd> fds{{.fd = stop, .events = POLLIN, .revents = 0},
                              {.fd = listener, .events = POLLIN, .revents = 0}};
      for (auto& [fd, _] : senders) fds.push_back({.fd = fd, .events = POLLIN, .revents = 0});
      if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
      if (fds[0].revents) return;
      if (fds[1].revents) accept_one();
      for (std::size_t i = 2; i < fds.size(); ++i) {
        if (fds[i].revents && !receive(fds[i].fd)) forget(fds[i].fd);
      }
    }
  }

  void accept_one() {
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) senders[fd];
  }

  void forget(int fd) {
    senders.erase(fd);
    close(fd);
  }

  bool receive(int fd) {
    static thread_local std::vector<char> bytes(256 * 1024);
    ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    std::string& buffer = senders[fd];
    buffer.append(bytes.data(), static_cast<std::size_t>(n));
    return n > 0 && take_counted_lines(buffer, sink);
  }
};

base::Result<std::unique_ptr<LogReceiver>> LogReceiver::open(const std::string& path,
                                                             std::function<void(std::string_view)> sink) {
  auto fd = listen_on(path);
  if (!fd) return base::fail(fd.error());
  auto impl = std::make_unique<Impl>();
  impl->listener = *fd;
  impl->stop = eventfd(0, EFD_CLOEXEC);
  impl->sink = std::move(sink);
  impl->thread = std::thread([p = impl.get()] { p->serve(); });
  return std::unique_ptr<LogReceiver>(new LogReceiver(std::move(impl)));
}

LogReceiver::LogReceiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogReceiver::~LogReceiver() = default;

}  // namespace slipway::gateway
