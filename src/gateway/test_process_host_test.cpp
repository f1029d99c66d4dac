// The process host of the gateway's tests (test_process_host.h).
#include "gateway/test_process_host.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::gateway::test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& t : texts) out.push_back(t.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become(control::ProcessSpec& spec) {
  setpgid(0, 0);
  if (!spec.stdout_path.empty()) {
    int out = open(spec.stdout_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, 1);
    dup2(out, 2);
  }
  std::vector<int> high;
  for (int fd : spec.pass_fds) high.push_back(fcntl(fd, F_DUPFD, 100));
  for (std::size_t i = 0; i < high.size(); ++i) dup2(high[i], static_cast<int>(3 + i));
  close_range(static_cast<unsigned>(3 + high.size()), ~0u, 0);
  std::vector<std::string> env;
  for (auto& [name, value] : spec.env) env.push_back(name + "=" + value);
  execvpe(spec.argv[0].c_str(), pointers(spec.argv).data(), pointers(env).data());
  _exit(127);
}

}  // namespace

DirectProcessHost::~DirectProcessHost() {
  alive_.reset();
  for (auto& [id, state] : states_) {
    if (state.running) kill(static_cast<pid_t>(-state.pid), SIGKILL);
  }
  for (auto& [id, thread] : waiters_) thread.join();
}

void DirectProcessHost::report(Done<control::HostReport> done) {
  loop_.post([done = std::move(done)]() mutable { done(control::HostReport{}); });
}

void DirectProcessHost::spawn(control::ProcessSpec spec, Done<control::ProcessState> done) {
  auto answer = [&](base::Result<control::ProcessState> r) {
    loop_.post([r, done = std::move(done)]() mutable { done(r); });
  };
  if (states_[spec.id].running) return answer(base::fail(base::Code::AlreadyExists, spec.id));
  pid_t pid = fork();
  if (pid == 0) become(spec);
  if (pid < 0) return answer(base::fail(base::Code::Internal, "fork"));
  auto& state = states_[spec.id] = {.id = spec.id, .running = true, .pid = pid};
  auto& waiter = waiters_[spec.id];
  if (waiter.joinable()) waiter.join();
  waiter = std::thread([this, pid, id = spec.id, alive = std::weak_ptr(alive_)] {
    int status = 0;
    waitpid(pid, &status, 0);
    if (!alive.expired())
      loop_.post([this, id, status, alive] {
        if (!alive.expired()) ended(id, status);
      });
  });
  answer(state);
}

void DirectProcessHost::ended(const std::string& id, int status) {
  auto& state = states_[id];
  state.running = false;
  state.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  state.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  for (auto& listener : listeners_) listener(state);
}

void DirectProcessHost::signal(const std::string& id, int signal, Done<bool> done) {
  auto& state = states_[id];
  bool sent = state.running && kill(static_cast<pid_t>(-state.pid), signal) == 0;
  loop_.post([sent, done = std::move(done)]() mutable { done(sent); });
}

void DirectProcessHost::forget(const std::string& id, Done<bool> done) {
  if (!states_[id].running) states_.erase(id);
  loop_.post([done = std::move(done)]() mutable { done(true); });
}

void DirectProcessHost::list(Done<std::vector<control::ProcessState>> done) {
  std::vector<control::ProcessState> all;
  for (auto& [id, state] : states_) all.push_back(state);
  loop_.post([all, done = std::move(done)]() mutable { done(all); });
}

void DirectProcessHost::on_exit(std::function<void(const control::ProcessState&)> listener) {
  listeners_.push_back(std::move(listener));
}

void DirectProcessHost::make_pod_network(const std::string&, const std::string&, Done<bool> done) {
  loop_.post([done = std::move(done)]() mutable { done(true); });
}
void DirectProcessHost::remove_pod_network(const std::string&, Done<bool> done) {
  loop_.post([done = std::move(done)]() mutable { done(true); });
}
void DirectProcessHost::add_node_address(const std::string&, Done<bool> done) {
  loop_.post([done = std::move(done)]() mutable { done(true); });
}
void DirectProcessHost::remove_node_address(const std::string&, Done<bool> done) {
  loop_.post([done = std::move(done)]() mutable { done(true); });
}

void DirectProcessHost::open_socket(control::NetworkSpace, int domain, int type, Done<int> done) {
  int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  loop_.post([fd, done = std::move(done)]() mutable { done(fd); });
}

}  // namespace slipway::gateway::test
