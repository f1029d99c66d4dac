#include "control.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace load {
namespace {

std::string_view word(std::string_view& line) {
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  std::string_view first = line.substr(0, line.find(' '));
  line.remove_prefix(first.size());
  return first;
}

// A mark is put into JSON as it is, so it consists of plain letters.
bool is_plain(std::string_view name) {
  if (name.empty()) return false;
  for (char c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

int listen_on(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof where.sun_path) return -1;
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  unlink(path.c_str());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool good = bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 && listen(fd, 8) == 0;
  return good ? fd : -1;
}

}  // namespace

Control::Control(Generator& generator, int poll, const std::string& path)
    : generator_(generator), poll_(poll), path_(path) {
  if (path.empty()) {
    buffers_[STDIN_FILENO];
    watch(STDIN_FILENO);
    return;
  }
  listener_ = listen_on(path);
  if (listener_ < 0) {
    std::fprintf(stderr, "slipway-load: cannot listen on %s\n", path.c_str());
    std::exit(2);
  }
  watch(listener_);
}

Control::~Control() {
  if (!path_.empty()) unlink(path_.c_str());
}

void Control::watch(int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kFirstId + static_cast<unsigned>(fd)}};
  epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);  // fails for a plain file as standard input: then there are no commands
}

void Control::event(unsigned long long id) {
  int fd = static_cast<int>(id - kFirstId);
  fd == listener_ ? accept_one() : read_from(fd);
}

void Control::accept_one() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  buffers_[fd];
  watch(fd);
}

void Control::read_from(int fd) {
  char bytes[4096];
  ssize_t n = read(fd, bytes, sizeof bytes);
  if (n <= 0) {
    epoll_ctl(poll_, EPOLL_CTL_DEL, fd, nullptr);
    buffers_.erase(fd);
    if (fd != STDIN_FILENO) close(fd);
    if (fd == STDIN_FILENO) generator_.stop();  // whoever started us is gone
    return;
  }
  std::string& buffer = buffers_[fd];
  buffer.append(bytes, static_cast<std::size_t>(n));
  for (std::size_t end; (end = buffer.find('\n')) != std::string::npos; buffer.erase(0, end + 1)) {
    std::string answer = perform(std::string_view(buffer).substr(0, end)) + "\n";
    int to = fd == STDIN_FILENO ? STDOUT_FILENO : fd;
    if (write(to, answer.data(), answer.size()) < 0) break;
  }
}

std::string Control::perform(std::string_view line) {
  std::string_view verb = word(line), first = word(line), second = word(line);
  Counters& counters = generator_.counters();
  if (verb == "mark" && is_plain(first)) {
    counters.mark(std::string(first), real_ns());
    return "{\"marked\":\"" + std::string(first) + "\"}";
  }
  if (verb == "snapshot") return counters.snapshot(first, real_ns());
  if (verb == "totals") return counters.totals(real_ns());
  if (verb == "users") return counters.users(first, std::string(second));
  if (verb == "reset") return counters.reset(real_ns()), "{\"reset\":true}";
  if (verb == "rate")
    return generator_.set_rate(std::atof(std::string(first).c_str())),
           "{\"rate\":" + std::to_string(std::atof(std::string(first).c_str())) + "}";
  if (verb == "stop") return generator_.stop(), "{\"stopping\":true}";
  return "{\"error\":\"commands: mark NAME, snapshot [NAME], totals, users NAME VERSION, reset, rate N, stop\"}";
}

}  // namespace load
