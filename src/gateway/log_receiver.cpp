#include "gateway/log_receiver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

namespace slipway::gateway {
namespace {

constexpr std::size_t kBatch = 64, kLineLimit = 2048;

base::Result<int> bind_datagram(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof where.sun_path)
    return base::fail(base::Code::Invalid, "the path " + path + " is too long for a socket");
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  unlink(path.c_str());
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int bytes = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) {
    std::string why = std::strerror(errno);
    close(fd);
    return base::fail(base::Code::Unavailable, "cannot receive the access log on " + path + ": " + why);
  }
  chmod(path.c_str(), 0600);
  return fd;
}

}  // namespace

struct LogReceiver::Impl {
  int fd = -1, stop = -1;
  std::function<void(std::string_view)> sink;
  std::thread thread;

  ~Impl() {
    std::uint64_t one = 1;
    if (write(stop, &one, sizeof one) == sizeof one && thread.joinable()) thread.join();
    close(fd);
    close(stop);
  }

  void serve() {
    pollfd fds[2] = {{.fd = fd, .events = POLLIN, .revents = 0}, {.fd = stop, .events = POLLIN, .revents = 0}};
    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
      if (fds[1].revents) return;
      if (fds[0].revents) receive();
    }
  }

  void receive() {
    static thread_local std::array<std::array<char, kLineLimit>, kBatch> buffers;
    std::array<iovec, kBatch> parts;
    std::array<mmsghdr, kBatch> messages{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {.iov_base = buffers[i].data(), .iov_len = kLineLimit};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    int n = recvmmsg(fd, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < n; ++i)
      sink({buffers[static_cast<std::size_t>(i)].data(), messages[static_cast<std::size_t>(i)].msg_len});
  }
};

base::Result<std::unique_ptr<LogReceiver>> LogReceiver::open(const std::string& path,
                                                             std::function<void(std::string_view)> sink) {
  auto fd = bind_datagram(path);
  if (!fd) return base::fail(fd.error());
  auto impl = std::make_unique<Impl>();
  impl->fd = *fd;
  impl->stop = eventfd(0, EFD_CLOEXEC);
  impl->sink = std::move(sink);
  impl->thread = std::thread([p = impl.get()] { p->serve(); });
  return std::unique_ptr<LogReceiver>(new LogReceiver(std::move(impl)));
}

LogReceiver::LogReceiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogReceiver::~LogReceiver() = default;

}  // namespace slipway::gateway
