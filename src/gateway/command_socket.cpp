#include "gateway/command_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/strings.h"

namespace slipway::gateway {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

base::Result<std::string> read_all(int fd) {
  std::string out;
  char buffer[64 * 1024];
  for (;;) {
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n == 0) return out;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return base::fail(base::Code::Timeout, std::string("the proxy does not answer: ") + std::strerror(errno));
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace

base::Result<std::string> CommandSocket::ask(const std::string& command) const {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path_.size() >= sizeof where.sun_path)
    return base::fail(base::Code::Invalid, "the path " + path_ + " is too long for a socket");
  std::memcpy(where.sun_path, path_.c_str(), path_.size() + 1);
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval limit{.tv_sec = 5, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) {
    return base::fail(base::Code::Unavailable, "the proxy is not there: " + path_ + ": " + std::strerror(errno));
  }
  std::string line = command + "\n";
  if (send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return base::fail(base::Code::Unavailable, "the proxy takes no command");
  }
  shutdown(fd.get(), SHUT_WR);
  return read_all(fd.get());
}

base::Result<std::string> CommandSocket::ask(int worker, const std::string& command) const {
  return ask("@!" + std::to_string(worker) + " " + command);
}

base::Result<Observed> CommandSocket::observe(const std::string& weights, const std::string& slots,
                                              const std::string& salts) const {
  auto text = ask("show proc");
  if (!text) return base::fail(text.error());
  auto processes = parse_processes(*text);
  if (!processes) return base::fail(processes.error());
  Observed out{.failed_reloads = parse_failed_reloads(*text)};
  for (const ProcessLine& p : *processes) {
    auto worker = observe_worker(p, weights, slots, salts);
    if (worker) out.workers.push_back(std::move(*worker));
  }
  return out;
}

base::Result<Worker> CommandSocket::observe_worker(const ProcessLine& process, const std::string& weights,
                                                   const std::string& slots, const std::string& salts) const {
  Worker worker{.pid = process.pid, .old = process.old};
  auto info = ask(process.pid, "show info");
  if (!info) return base::fail(info.error());
  parse_info(*info, worker);
  if (worker.fingerprint.empty()) return base::fail(base::Code::Unavailable, "the worker has ended");
  for (auto [file, map] :
       {std::pair(&weights, &worker.weights), std::pair(&slots, &worker.slots), std::pair(&salts, &worker.salts)}) {
    auto text = ask(process.pid, "show map " + *file);
    if (!text) return base::fail(text.error());
    *map = parse_map(*text);
  }
  auto servers = ask(process.pid, "show servers state"), stat = ask(process.pid, "show stat -1 6 -1");
  if (!servers || !stat) return base::fail(!servers ? servers.error() : stat.error());
  worker.servers = parse_servers(*servers);
  parse_stat(*stat, worker.servers, worker.sections);
  return worker;
}

bool is_success(const std::string& command, const std::string& answer) {
  std::string_view text = base::trim(answer);
  if (command.starts_with("add server")) return text == "New server registered.";
  if (command.starts_with("del server")) return text == "Server deleted.";
  return text.empty();
}

}  // namespace slipway::gateway
