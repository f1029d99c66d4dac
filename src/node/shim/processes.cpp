#include "node/shim/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "node/posix.h"

namespace slipway::node::shim {

using base::Code;
using base::Result;
using control::HostReport;
using control::ProcessState;

namespace {

constexpr std::size_t kReadBytes = 65536;
constexpr int kRoundsPerEvent = 4;  // of kReadBytes: one loud pod must not keep the others waiting
constexpr int kRoundsAtEnd = 64;
constexpr std::size_t kMaxCapture = 65536;

void keep_last(std::string& text, std::string_view more, std::size_t limit) {
  text += more;
  if (text.size() > limit) text.erase(0, text.size() - limit);
}

}  // namespace

Processes::Processes(Reactor& reactor, Journal& journal, const Ground& ground, Ended ended)
    : reactor_(reactor), journal_(journal), ground_(ground), ended_(std::move(ended)) {}

void Processes::recover() {
  for (const auto& [id, entry] : std::map(journal_.entries())) {
    auto p = std::make_unique<Process>();
    p->spec.id = id;
    p->state = entry.state;
    if (p->state.running) {
      const auto pid = static_cast<pid_t>(p->state.pid);
      if (entry.start_ticks != 0 && start_ticks_of(pid) == entry.start_ticks) kill(-pid, SIGKILL), kill(pid, SIGKILL);
      p->state.running = false;
      p->state.ended = wall_now();
      p->state.signal = SIGKILL;
      p->state.exit_code = 128 + SIGKILL;
      journal_.ended(p->state);
    }
    processes_[id] = std::move(p);
  }
  journal_.sync();
}

Result<Launch> Processes::plan(const Process& p, int network, std::vector<int> pass_fds) const {
  Launch l{.spec = p.spec,
           .isolate = ground_.report.rung != HostReport::Rung::Loopback,
           .user_namespace = ground_.report.rung == HostReport::Rung::UserNamespace,
           .network = network,
           .pass_fds = std::move(pass_fds),
           .stage = ground_.stage};
  if (!l.isolate && !p.spec.root.empty() && p.spec.root != "/")
    return base::fail(Code::Invalid, "this machine allows no root folder of its own for " + p.spec.id);
  if (!l.isolate && !p.spec.mounts.empty())
    return base::fail(Code::Invalid, "this machine allows no mounts for " + p.spec.id);
  if (!ground_.report.root && p.spec.uid != 0)
    return base::fail(Code::Invalid, "without root a process cannot have another user");
  if (p.spec.join.empty()) return l;
  const auto target = processes_.find(p.spec.join);
  if (target == processes_.end() || !target->second->state.running)
    return base::fail(Code::NotFound, "process " + p.spec.join + " is not running");
  l.join = {target->second->child.pid, target->second->child.supervised};
  return l;
}

Result<void> Processes::start(Process& p, int network, std::vector<int> pass_fds) {
  auto l = plan(p, network, std::move(pass_fds));
  if (!l) return base::fail(l.error());
  if (auto opened = p.log.open(p.spec.stdout_path); !opened) return opened;
  const bool group = !p.spec.cgroup.empty() && ground_.cgroups.usable();
  if (group)
    if (auto made = ground_.cgroups.make(p.spec.cgroup, p.spec.memory_limit, p.spec.cpu_millis); !made) return made;
  auto child = launch(*l);
  if (!child) return base::fail(child.error());
  p.child = std::move(*child);
  p.state.pid = p.child.pid;
  by_pid_[p.child.pid] = p.spec.id;
  if (group)
    if (auto joined = ground_.cgroups.join(p.spec.cgroup, p.child.pid); !joined)
      p.failure = "Internal " + joined.error().message;
  if (p.failure.empty())
    release(p.child);
  else
    p.child.go.reset();
  return {};
}

void Processes::spawn(const control::ProcessSpec& spec, int network, std::vector<int> pass_fds, Started done) {
  const auto old = processes_.find(spec.id);
  if (old != processes_.end() && old->second->state.running)
    return done(base::fail(Code::AlreadyExists, "process " + spec.id + " is running"));
  auto p = std::make_unique<Process>();
  p->spec = spec;
  p->state = {.id = spec.id, .running = true, .started = wall_now()};
  p->started = std::move(done);
  if (auto started = start(*p, network, std::move(pass_fds)); !started) return p->started(base::fail(started.error()));
  if (!is_transient(*p)) journal_.started(p->state, start_ticks_of(p->child.pid));
  watch(*(processes_[spec.id] = std::move(p)));
}

void Processes::watch(Process& p) {
  for (UniqueFd* fd : {&p.child.out, &p.child.err, &p.child.error}) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  reactor_.add(p.child.error.get(), EPOLLIN, [this, &p](std::uint32_t) { settle(p); });
  for (auto [fd, stream] : {std::pair(&p.child.out, Stream::Out), {&p.child.err, Stream::Err}})
    reactor_.add(fd->get(), EPOLLIN, [this, &p, fd, stream](std::uint32_t) {
      if (!drain(p, stream, kRoundsPerEvent)) unwatch(*fd);
    });
}

void Processes::unwatch(UniqueFd& fd) {
  if (!fd) return;
  reactor_.remove(fd.get());
  fd.reset();
}

// An empty error pipe at its end means that exec worked. Text means that it failed; the process then ends by itself.
void Processes::settle(Process& p) {
  char text[2048];
  const ssize_t n = read(p.child.error.get(), text, sizeof text);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) {
    p.failure.append(text, static_cast<std::size_t>(n));
    return;
  }
  unwatch(p.child.error);
  // Not `started` yet when it failed: the answer is given once it has been reaped.
  if (p.failure.empty() && p.started) std::exchange(p.started, nullptr)(p.state);
}

bool Processes::drain(Process& p, Stream stream, int rounds) {
  const UniqueFd& fd = stream == Stream::Out ? p.child.out : p.child.err;
  static char buffer[kReadBytes];
  while (rounds-- > 0 && fd) {
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
      p.log.end(stream, wall_now());
      return false;
    }
    const std::string_view bytes(buffer, static_cast<std::size_t>(n));
    p.log.write(stream, bytes, wall_now());
    if (is_transient(p)) keep_last(p.state.output, bytes, std::min(p.spec.capture, kMaxCapture));
  }
  return true;
}

bool Processes::reaped(pid_t pid, int status) {
  const auto it = by_pid_.find(pid);
  if (it == by_pid_.end()) return false;
  const std::string id = it->second;
  by_pid_.erase(it);
  finish(*processes_.at(id), status);
  return true;
}

void Processes::finish(Process& p, int status) {
  for (int i = 0; i < 2 && p.child.error; ++i) settle(p);  // the text, then the end
  int inner = 0;
  if (p.child.supervised && fcntl(p.child.status.get(), F_SETFL, O_NONBLOCK) == 0 &&
      read(p.child.status.get(), &inner, sizeof inner) == sizeof inner)
    status = inner;
  for (auto [fd, stream] : {std::pair(&p.child.out, Stream::Out), {&p.child.err, Stream::Err}}) {
    drain(p, stream, kRoundsAtEnd);
    p.log.end(stream, wall_now());
    unwatch(*fd);
  }
  unwatch(p.child.error);
  p.state.running = false;
  p.state.ended = wall_now();
  p.state.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  p.state.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  if (!p.spec.cgroup.empty() && ground_.cgroups.usable()) {
    p.state.out_of_memory = p.state.signal == SIGKILL && ground_.cgroups.out_of_memory_kills(p.spec.cgroup) > 0;
    ground_.cgroups.remove(p.spec.cgroup);
  }
  p.child = Launched{};
  if (p.started && !p.failure.empty()) {  // it never was the program: nothing to remember
    const auto space = p.failure.find(' ');
    const Code code = base::code_of(p.failure.substr(0, space), 500);
    auto answer = std::move(p.started);
    const std::string failure = p.failure.substr(space + 1), id = p.spec.id;
    journal_.forgotten(id);
    processes_.erase(id);
    return answer(base::fail(code, failure));
  }
  if (p.started) std::exchange(p.started, nullptr)(p.state);
  if (!is_transient(p)) journal_.ended(p.state);
  untold_.push_back(p.state);
}

void Processes::sync() {
  if (untold_.empty()) return;
  journal_.sync();
  for (const ProcessState& state : std::exchange(untold_, {})) ended_(state);
}

Result<void> Processes::signal(const std::string& id, int signal) {
  const auto it = processes_.find(id);
  if (it == processes_.end()) return base::fail(Code::NotFound, "no process " + id);
  const Process& p = *it->second;
  if (!p.state.running) return {};  // as if it had ended right after
  const pid_t target = p.child.supervised ? p.child.pid : -p.child.pid;
  if (kill(target, signal) != 0 && errno != ESRCH) return os_fail("signal " + id);
  if (!p.child.supervised && signal == SIGKILL)
    kill(p.child.pid, SIGKILL);  // before its setsid the group is still ours
  return {};
}

Result<void> Processes::forget(const std::string& id) {
  const auto it = processes_.find(id);
  if (it == processes_.end()) return {};
  if (it->second->state.running) return base::fail(Code::Conflict, "process " + id + " is running");
  journal_.forgotten(id);
  processes_.erase(it);
  return {};
}

std::vector<ProcessState> Processes::list() const {
  std::vector<ProcessState> all;
  for (const auto& [id, p] : processes_) all.push_back(p->state);
  return all;
}

bool Processes::any_running() const {
  return std::any_of(processes_.begin(), processes_.end(), [](const auto& p) { return p.second->state.running; });
}

void Processes::signal_all(int number) {
  for (const auto& [id, p] : processes_) (void)signal(id, number);
}

}  // namespace slipway::node::shim
