#include "node/shim/rung.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "node/posix.h"
#include "node/shim/launch.h"

namespace slipway::node::shim {

using base::Result;
using control::HostReport;

namespace {

// Why the kernel made no user namespace, as far as it tells (user_namespaces(7), unshare(2)).
Result<void> denied(int error) {
  std::string why = std::strerror(error);
  if (error == ENOSPC || error == EUSERS) why = "the limit in /proc/sys/user/max_user_namespaces is reached";
  if (error == EPERM) why = "denied by the kernel, as in a chroot, under seccomp, or by a security policy";
  return base::fail(base::Code::Forbidden, why);
}

Result<void> enter_user_namespace() {
  const std::string uid = std::to_string(geteuid()), gid = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER) != 0) return denied(errno);
  // Gaining rights has made us undumpable, and then nobody may open the namespaces of our children, we included.
  prctl(PR_SET_DUMPABLE, 1);
  return in_turn([&] { return write_file("/proc/self/setgroups", "deny"); },
                 [&] { return write_file("/proc/self/uid_map", "0 " + uid + " 1"); },
                 [&] { return write_file("/proc/self/gid_map", "0 " + gid + " 1"); });
}

// Launches a program that does not exist in an empty image: everything worked if that is what it complains about.
Result<void> try_isolation(const std::string& folder, bool user_namespace, int network) {
  const std::string image = folder + "/trial", stage = folder + "/stage";
  if (auto made = in_turn([&] { return make_folders(image, 0755); }, [&] { return make_folders(stage, 0755); }); !made)
    return made;
  control::ProcessSpec spec{.id = "trial", .argv = {"/absent"}, .root = image, .hostname = "trial"};
  if (!user_namespace) spec.uid = spec.gid = kFirstPodUser;
  auto child =
      launch({.spec = spec, .isolate = true, .user_namespace = user_namespace, .network = network, .stage = stage});
  if (!child) return base::fail(child.error());
  release(*child);
  char text[1024];
  const ssize_t n = read(child->error.get(), text, sizeof text);
  kill(child->pid, SIGKILL);
  waitpid(child->pid, nullptr, 0);
  const std::string said(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  if (said.starts_with("NotFound program")) return {};
  return base::fail(base::Code::Forbidden, said.empty() ? "the trial process ended without a word" : said);
}

// The whole way in a child that is thrown away, since a namespace cannot be left again.
Result<void> rehearse_user_namespace(const std::string& folder) {
  int ends[2];
  if (pipe(ends) != 0) return os_fail("pipe");
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    NetKeeper keeper;
    auto tried = in_turn([&] { return enter_user_namespace(); }, [&] { return keeper.start(); },
                         [&] { return try_isolation(folder, true, keeper.node_network()); });
    if (!tried) (void)write_all(write_end.get(), tried.error().message);
    _exit(0);
  }
  write_end.reset();
  char text[1024];
  const ssize_t n = read(read_end.get(), text, sizeof text);
  waitpid(child, nullptr, 0);
  if (n > 0) return base::fail(base::Code::Forbidden, std::string(text, static_cast<std::size_t>(n)));
  return {};
}

// Root by name only, in a user namespace without such users, cannot give pods users of their own.
bool may_give_users() {
  if (geteuid() != 0) return false;
  const pid_t child = fork();
  if (child == 0) _exit(setgid(kFirstPodUser) == 0 && setuid(kFirstPodUser) == 0 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0;
}

Result<void> try_as_root(const std::string& folder, NetKeeper& keeper) {
  return in_turn([&] { return keeper.start(); }, [&] { return try_isolation(folder, false, keeper.node_network()); });
}

}  // namespace

HostReport climb(Wanted wanted, const std::string& folder, NetKeeper& keeper) {
  HostReport report{.root = may_give_users()};
  if (wanted == Wanted::Loopback) {
    report.notes.push_back("loopback was asked for");
    return report;
  }
  if (report.root) {
    const auto tried = try_as_root(folder, keeper);
    if (tried) {
      report.rung = HostReport::Rung::Isolated;
      return report;
    }
    report.notes.push_back("namespaces as root: " + tried.error().message);
    keeper = NetKeeper();
  } else if (geteuid() == 0) {
    report.notes.push_back("root, but without users for pods (" + std::to_string(kFirstPodUser) + " and above)");
  }
  if (auto rehearsed = rehearse_user_namespace(folder); !rehearsed) {
    report.notes.push_back("user namespace: " + rehearsed.error().message);
    return report;
  }
  if (enter_user_namespace() && keeper.start()) {
    report.rung = HostReport::Rung::UserNamespace;
    report.root = false;
    report.notes.push_back("no root: a pod has its own view of the machine, but the rights of the user who started it");
    return report;
  }
  report.notes.push_back("user namespace: worked in the trial, then failed");
  return report;
}

}  // namespace slipway::node::shim
