#include "process.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/strings.h"
#include "runtime/file.h"

namespace slipway::bench {

namespace {

std::string proc(pid_t pid, const char* file) {
  return runtime::read_file("/proc/" + std::to_string(pid) + "/" + file).value_or("");
}

// The number behind "VmRSS:" and its like.
std::uint64_t status_number(pid_t pid, std::string_view name) {
  const std::string status = proc(pid, "status");
  const std::size_t at = status.find(name);
  return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + name.size(), nullptr, 10);
}

}  // namespace

double resident_mb(pid_t pid) { return static_cast<double>(status_number(pid, "VmRSS:")) / 1024; }

double cpu_seconds(pid_t pid) {
  const std::string stat = proc(pid, "stat");
  const std::size_t end = stat.rfind(')');
  if (end == std::string::npos) return 0;
  const auto fields = base::split(std::string_view(stat).substr(end + 2), ' ');
  const double ticks = base::parse_double(fields.at(11)).value_or(0) + base::parse_double(fields.at(12)).value_or(0);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t context_switches(pid_t pid) { return status_number(pid, "\nvoluntary_ctxt_switches:"); }

std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  SLIPWAY_CHECK(fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  SLIPWAY_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

Folder::Folder(const std::string& parent) {
  std::filesystem::create_directories(parent);
  path_ = std::filesystem::absolute(parent).string() + "/bench-XXXXXX";
  SLIPWAY_CHECK(mkdtemp(path_.data()) != nullptr);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace slipway::bench
