#include "runtime/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "runtime/environment.h"

namespace slipway::runtime {
namespace {

using base::Code;

struct Pipe {
  int read_end = -1, write_end = -1;
  bool open() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    read_end = fds[0];
    write_end = fds[1];
    return true;
  }
};

void close_if_open(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

int exit_status(int raw) { return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw); }

// posix_spawn's resources, freed on every way out.
struct Spawning {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  Spawning() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~Spawning() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

void set_attributes(posix_spawnattr_t& attributes, bool own_session) {
  sigset_t none, reset;
  sigemptyset(&none);
  sigemptyset(&reset);
  sigaddset(&reset, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &reset);
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                           (own_session ? POSIX_SPAWN_SETSID : 0)));
}

}  // namespace

base::Result<Child> Child::start(const std::vector<std::string>& argv, const ChildOptions& options) {
  Pipe in, out;
  const bool to_file = !options.output_path.empty();
  if (!in.open() || (!to_file && !out.open()))
    return base::fail(Code::Internal, std::string("pipe: ") + strerror(errno));
  Spawning spawning;
  posix_spawn_file_actions_adddup2(&spawning.actions, in.read_end, 0);
  if (to_file) {
    posix_spawn_file_actions_addopen(&spawning.actions, 1, options.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&spawning.actions, 1, 2);
  } else {
    posix_spawn_file_actions_adddup2(&spawning.actions, out.write_end, 1);
    if (options.stderr_too) posix_spawn_file_actions_adddup2(&spawning.actions, out.write_end, 2);
  }
  set_attributes(spawning.attributes, options.own_session);
  const auto environment = environment_with(options.environment);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, argv[0].c_str(), &spawning.actions, &spawning.attributes, pointers_to(argv).data(),
                                  pointers_to(environment).data());
  close_if_open(in.read_end);
  close_if_open(out.write_end);
  if (failed != 0) {
    close_if_open(in.write_end);
    close_if_open(out.read_end);
    return base::fail(failed == ENOENT ? Code::NotFound : Code::Internal, argv[0] + ": " + strerror(failed));
  }
  Child child;
  child.pid_ = pid;
  child.in_ = in.write_end;
  child.out_ = out.read_end;
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      buffer_(std::move(other.buffer_)),
      status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(in_, other.in_);
  std::swap(out_, other.out_);
  std::swap(buffer_, other.buffer_);
  std::swap(status_, other.status_);
  return *this;
}

Child::~Child() {
  if (pid_ > 0 && !status_) {
    kill(pid_, SIGKILL);
    wait();
  }
  close_if_open(in_);
  close_if_open(out_);
}

base::Result<void> Child::write_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(in_, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::fail(Code::Unavailable, std::string("write to child: ") + strerror(errno));
    done += static_cast<std::size_t>(n);
  }
  return {};
}

base::Result<std::string> Child::read_line(base::Duration limit) {
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd waiting{.fd = out_, .events = POLLIN, .revents = 0};
    const int ready =
        poll(&waiting, 1, static_cast<int>(std::chrono::duration_cast<base::milliseconds>(limit).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return base::fail(Code::Timeout, "the child said nothing in time");
    std::array<char, 16384> chunk;
    const ssize_t n = ::read(out_, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return base::fail(Code::Unavailable, "the child's output ended");
    buffer_.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

std::string Child::read_all() {
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t n = ::read(out_, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::exchange(buffer_, {});
    buffer_.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

void Child::signal(int number) const {
  if (pid_ > 0 && !status_) kill(pid_, number);
}

bool Child::running() {
  if (pid_ <= 0 || status_) return false;
  int raw = 0;
  if (waitpid(pid_, &raw, WNOHANG) != pid_) return true;
  status_ = exit_status(raw);
  return false;
}

int Child::wait() {
  int raw = 0;
  while (!status_ && pid_ > 0) {
    if (waitpid(pid_, &raw, 0) == pid_)
      status_ = exit_status(raw);
    else if (errno != EINTR)
      status_ = -1;
  }
  return status_.value_or(-1);
}

void Child::release() {
  pid_ = -1;
  close_if_open(in_);
  close_if_open(out_);
}

base::Result<Finished> run_program(const std::vector<std::string>& argv, const ChildOptions& options) {
  auto child = Child::start(argv, options);
  if (!child) return base::fail(child.error());
  Finished finished;
  if (options.output_path.empty()) finished.output = child->read_all();
  finished.status = child->wait();
  return finished;
}

}  // namespace slipway::runtime
