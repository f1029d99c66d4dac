#include "gateway/child_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gateway/files.h"

namespace slipway::gateway {
namespace {

// What the child needs between fork and exec, made before: other threads may hold the allocator's locks.
struct Exec {
  std::string program;
  std::vector<std::string> argv, env;
  std::vector<char*> argv_pointers, env_pointers;
  std::string output;
  std::vector<int> fds;
  pid_t parent = 0;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& t : texts) out.push_back(t.data());
  out.push_back(nullptr);
  return out;
}

constexpr int kHigh = 100;  // above all descriptors that the child is given

// Between fork and exec: system calls only.
[[noreturn]] void become(const Exec& e) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != e.parent) _exit(127);  // it ended before we asked
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int nothing = open("/dev/null", O_RDWR),
            out = e.output.empty() ? nothing : open(e.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(nothing, 0);
  dup2(out, 1);
  dup2(out, 2);
  for (std::size_t i = 0; i < e.fds.size(); ++i) dup2(e.fds[i], kHigh + static_cast<int>(i));
  for (std::size_t i = 0; i < e.fds.size(); ++i) dup2(kHigh + static_cast<int>(i), 3 + static_cast<int>(i));
  close_range(static_cast<unsigned>(3 + e.fds.size()), ~0u, 0);
  execve(e.program.c_str(), e.argv_pointers.data(), e.env_pointers.data());
  _exit(127);
}

}  // namespace

ChildProcesses::~ChildProcesses() {
  alive_.reset();
  for (auto& [id, state] : states_) {
    if (state.running) kill(static_cast<pid_t>(-state.pid), SIGKILL);
  }
  for (auto& [id, thread] : waiters_) thread.join();
}

void ChildProcesses::report(Done<control::HostReport> done) {
  loop_.post([done = std::move(done)]() mutable { done(control::HostReport{}); });
}

void ChildProcesses::spawn(control::ProcessSpec spec, Done<control::ProcessState> done) {
  auto answer = [&](base::Result<control::ProcessState> r) {
    loop_.post([r = std::move(r), done = std::move(done)]() mutable { done(std::move(r)); });
  };
  if (closed_) return answer(base::fail(base::Code::Unavailable, "this process is ending"));
  if (is_running(spec.id)) return answer(base::fail(base::Code::AlreadyExists, spec.id));
  Exec exec{.argv = std::move(spec.argv), .output = spec.stdout_path, .fds = spec.pass_fds, .parent = getpid()};
  const auto program = find_program(exec.argv.at(0));
  if (!program) return answer(base::fail(base::Code::NotFound, exec.argv[0] + " was not found"));
  exec.program = *program;
  for (auto& [name, value] : spec.env) exec.env.push_back(name + "=" + value);
  exec.argv_pointers = pointers(exec.argv);
  exec.env_pointers = pointers(exec.env);
  const pid_t pid = fork();
  if (pid == 0) become(exec);
  if (pid < 0) return answer(base::fail(base::Code::Unavailable, std::string("fork: ") + std::strerror(errno)));
  auto& state = states_[spec.id] = {.id = spec.id, .running = true, .pid = pid, .started = loop_.now()};
  auto& waiter = waiters_[spec.id];
  if (waiter.joinable()) waiter.join();
  waiter = std::thread([this, pid, id = spec.id, alive = std::weak_ptr(alive_)] {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (alive.expired()) return;
    loop_.post([this, id, status, alive] {
      if (!alive.expired()) ended(id, status);
    });
  });
  answer(state);
}

void ChildProcesses::ended(const std::string& id, int status) {
  auto& state = states_[id];
  state.running = false;
  state.ended = loop_.now();
  state.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  state.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  for (auto& listener : listeners_) listener(state);
}

bool ChildProcesses::is_running(const std::string& id) const {
  const auto found = states_.find(id);
  return found != states_.end() && found->second.running;
}

void ChildProcesses::signal(const std::string& id, int signal, Done<bool> done) {
  const bool sent = is_running(id) && kill(static_cast<pid_t>(-states_[id].pid), signal) == 0;
  loop_.post([sent, done = std::move(done)]() mutable { done(sent); });
}

void ChildProcesses::forget(const std::string& id, Done<bool> done) {
  if (!is_running(id)) states_.erase(id);
  loop_.post([done = std::move(done)]() mutable { done(true); });
}

void ChildProcesses::list(Done<std::vector<control::ProcessState>> done) {
  std::vector<control::ProcessState> all;
  for (auto& [id, state] : states_) all.push_back(state);
  loop_.post([all = std::move(all), done = std::move(done)]() mutable { done(std::move(all)); });
}

void ChildProcesses::on_exit(std::function<void(const control::ProcessState&)> listener) {
  listeners_.push_back(std::move(listener));
}

void ChildProcesses::refuse(Done<bool> done) {
  loop_.post([done = std::move(done)]() mutable {
    done(base::fail(base::Code::MethodNotAllowed, "children of this process have its own network and no other"));
  });
}

void ChildProcesses::make_pod_network(const std::string&, const std::string&, Done<bool> done) {
  refuse(std::move(done));
}
void ChildProcesses::remove_pod_network(const std::string&, Done<bool> done) { refuse(std::move(done)); }
void ChildProcesses::add_node_address(const std::string&, Done<bool> done) { refuse(std::move(done)); }
void ChildProcesses::remove_node_address(const std::string&, Done<bool> done) { refuse(std::move(done)); }

void ChildProcesses::open_socket(control::NetworkSpace, int domain, int type, Done<int> done) {
  base::Result<int> fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (*fd < 0) fd = base::fail(base::Code::Unavailable, std::string("socket: ") + std::strerror(errno));
  loop_.post([fd = std::move(fd), done = std::move(done)]() mutable { done(std::move(fd)); });
}

}  // namespace slipway::gateway
