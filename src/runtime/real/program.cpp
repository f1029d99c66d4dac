#include "runtime/real/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "runtime/environment.h"

namespace slipway::runtime::real {
namespace {

using base::Code;
using base::fail;

constexpr std::size_t kPiece = 16u << 10;
constexpr int kLookMs = 50;  // how often the thread looks whether it shall give up
constexpr int kEndMs = 2;    // and whether a program that has closed its outputs has ended

using Clock = std::chrono::steady_clock;

struct Pipe {
  int ends[2] = {-1, -1};
  bool open() { return pipe2(ends, O_CLOEXEC) == 0; }
  void close_end(int which) {
    if (ends[which] >= 0) ::close(ends[which]);
    ends[which] = -1;
  }
  ~Pipe() { close_end(0), close_end(1); }
};

struct Spawned {
  pid_t pid = -1;
  Pipe output, errors;
};

// All of it is there before the program starts, so that writing can neither block nor meet a closed pipe. -1: failed.
int file_of(const std::string& input) {
  const int fd = memfd_create("input", MFD_CLOEXEC);
  for (std::size_t done = 0; fd >= 0 && done < input.size();) {
    const ssize_t n = ::write(fd, input.data() + done, input.size() - done);
    if (n < 0 && errno != EINTR) return ::close(fd), -1;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  if (fd >= 0) ::lseek(fd, 0, SEEK_SET);
  return fd;
}

// Its standard input, where that is not ours.
struct Input {
  int fd = -1;
  ~Input() {
    if (fd >= 0) ::close(fd);
  }
};

// In a process group of its own, so that what it starts is killed with it; unless it talks to a person, who uses the
// terminal's.
base::Result<void> spawn(const std::vector<std::string>& argv, const ProgramOptions& options, Spawned& out) {
  if (!out.output.open() || !out.errors.open())
    return fail(Code::Internal, std::string("pipe: ") + std::strerror(errno));
  Input input{options.input.empty() || options.with_input ? -1 : file_of(options.input)};
  if (input.fd < 0 && !options.input.empty() && !options.with_input)
    return fail(Code::Internal, std::string("memfd_create: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  if (input.fd >= 0)
    posix_spawn_file_actions_adddup2(&actions, input.fd, 0);
  else if (!options.with_input)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (options.clean_environment) posix_spawn_file_actions_addchdir_np(&actions, "/");
  posix_spawn_file_actions_adddup2(&actions, out.output.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, out.errors.ends[1], 2);
  sigset_t none, reset;
  sigemptyset(&none), sigemptyset(&reset), sigaddset(&reset, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &reset);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (options.with_input ? 0 : POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  const auto environment = options.clean_environment ? options.environment : environment_with(options.environment);
  const int failed = posix_spawnp(&out.pid, argv[0].c_str(), &actions, &attributes, pointers_to(argv).data(),
                                  pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  out.output.close_end(1), out.errors.close_end(1);
  if (failed != 0)
    return fail(failed == ENOENT ? Code::NotFound : Code::Internal, argv[0] + ": " + std::strerror(failed));
  return {};
}

// False at the end of this pipe.
bool take_in(Pipe& from, std::string& to) {
  std::array<char, kPiece> piece;
  const ssize_t n = ::read(from.ends[0], piece.data(), piece.size());
  if (n < 0 && errno == EINTR) return true;
  if (n > 0) to.append(piece.data(), static_cast<std::size_t>(n));
  if (n <= 0) from.close_end(0);
  return n > 0;
}

struct Watch {
  const ProgramOptions& options;
  const std::string& name;
  const std::atomic<bool>& stop;
  Clock::time_point end = Clock::now() + options.limit;

  // Shall it be given up?
  base::Result<void> on() const {
    if (stop) return fail(Code::Canceled, name + ": given up");
    if (Clock::now() >= end)
      return fail(Code::Timeout, name + " has not ended within " + base::format_duration(options.limit));
    return {};
  }
};

// Until both pipes have ended. The error says why it was given up.
base::Result<void> collect(Spawned& child, ProgramEnd& end, const Watch& watch) {
  while (child.output.ends[0] >= 0 || child.errors.ends[0] >= 0) {
    pollfd waiting[2] = {{child.output.ends[0], POLLIN, 0}, {child.errors.ends[0], POLLIN, 0}};
    ::poll(waiting, 2, kLookMs);
    if (auto on = watch.on(); !on) return on;
    if (waiting[0].revents != 0) take_in(child.output, end.output);
    if (waiting[1].revents != 0) take_in(child.errors, end.errors);
    if (end.output.size() + end.errors.size() > watch.options.most_output)
      return fail(Code::TooLarge,
                  watch.name + " prints more than " + std::to_string(watch.options.most_output) + " bytes");
  }
  return {};
}

// Until it has ended; it can still be killed as a group then, since it is not reaped.
base::Result<void> await_end(pid_t pid, const Watch& watch) {
  while (true) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
      return {};
    if (auto on = watch.on(); !on) return on;
    ::poll(nullptr, 0, kEndMs);
  }
}

int reap(pid_t pid) {
  int raw = 0;
  while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

base::Result<ProgramEnd> run(const std::vector<std::string>& argv, const ProgramOptions& options,
                             const std::atomic<bool>& stop) {
  Spawned child;
  if (auto started = spawn(argv, options, child); !started) return fail(started.error());
  ProgramEnd end{};
  const Watch watch{options, argv[0], stop};
  auto ended = collect(child, end, watch);
  if (ended) ended = await_end(child.pid, watch);
  if (!options.with_input) ::kill(-child.pid, SIGKILL);
  if (!ended && options.with_input) ::kill(child.pid, SIGKILL);
  end.status = reap(child.pid);
  if (!ended) return fail(ended.error());
  return end;
}

class Running final : public RunningProgram {
 public:
  using Done = std::move_only_function<void(base::Result<ProgramEnd>)>;
  Running(Loop& loop, std::vector<std::string> argv, ProgramOptions options, Done done)
      : shared_(std::make_shared<Shared>(std::move(done))) {
    thread_ = std::thread([&loop, argv = std::move(argv), options = std::move(options), shared = shared_] {
      auto result = run(argv, options, shared->stop);
      if (shared->stop) return;
      loop.post([shared, result = std::move(result)]() mutable {
        if (auto done = std::exchange(shared->done, nullptr); done && !shared->stop) done(std::move(result));
      });
    });
  }
  ~Running() override {
    shared_->stop = true;
    thread_.join();
  }

 private:
  struct Shared {
    explicit Shared(Done done) : done(std::move(done)) {}
    Done done;
    std::atomic<bool> stop = false;
  };
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<RunningProgram> run_program(Loop& loop, std::vector<std::string> argv, ProgramOptions options,
                                            std::move_only_function<void(base::Result<ProgramEnd>)> done) {
  return std::make_unique<Running>(loop, std::move(argv), std::move(options), std::move(done));
}

bool is_interactive() { return ::isatty(STDIN_FILENO) == 1; }

}  // namespace slipway::runtime::real
