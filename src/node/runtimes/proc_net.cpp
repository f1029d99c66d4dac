#include "node/runtimes/proc_net.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/strings.h"
#include "node/posix.h"

namespace slipway::node {

namespace {

constexpr const char* kListening = "0A";

std::string upper_hex(std::uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llX", digits, static_cast<unsigned long long>(value));
  return text;
}

// Fields of a line, whatever the number of blanks between them.
std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::string_view part : base::split(line, ' '))
    if (!part.empty()) out.push_back(part);
  return out;
}

void collect(const std::string& file, const std::vector<std::string>& addresses, std::vector<std::string>& inodes) {
  const std::string text = read_file(file).value_or("");
  for (std::string_view line : base::split(text, '\n')) {
    const auto f = fields_of(line);
    if (f.size() < 10 || f[3] != kListening) continue;
    if (std::find(addresses.begin(), addresses.end(), f[1]) != addresses.end()) inodes.emplace_back(f[9]);
  }
}

pid_t session_of(const std::string& pid) {
  const auto text = read_file("/proc/" + pid + "/stat", 1 << 16);
  if (!text) return 0;
  const auto end = text->rfind(')');
  if (end == text->npos) return 0;
  const auto fields = base::split(std::string_view(*text).substr(end + 2), ' ');
  return fields.size() > 3 ? static_cast<pid_t>(base::parse_int(fields[3]).value_or(0)) : 0;
}

bool holds(const std::string& pid, const std::vector<std::string>& inodes) {
  std::error_code error;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/" + pid + "/fd", error)) {
    const std::string target = std::filesystem::read_symlink(fd.path(), error).string();
    for (const std::string& inode : inodes)
      if (target == "socket:[" + inode + "]") return true;
  }
  return false;
}

// The first process for which `asked` holds and that has one of the sockets open; 0: none.
template <class Asked>
pid_t first_holder(const std::vector<std::string>& inodes, Asked asked) {
  if (inodes.empty()) return 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name[0] < '0' || name[0] > '9' || !asked(name) || !holds(name, inodes)) continue;
    return static_cast<pid_t>(base::parse_int(name).value_or(0));
  }
  return 0;
}

}  // namespace

std::vector<std::string> listening_inodes(const std::string& ip, int port) {
  in_addr a{};
  inet_pton(AF_INET, ip.c_str(), &a);
  const std::string at = ":" + upper_hex(static_cast<std::uint64_t>(port), 4), address = upper_hex(a.s_addr, 8);
  const std::string mapped = "0000000000000000FFFF0000" + address, any6(32, '0');
  std::vector<std::string> inodes;
  collect("/proc/net/tcp", {address + at, "00000000" + at}, inodes);
  collect("/proc/net/tcp6", {mapped + at, any6 + at}, inodes);
  return inodes;
}

bool session_holds(pid_t session, const std::vector<std::string>& inodes) {
  return first_holder(inodes, [session](const std::string& pid) { return session_of(pid) == session; }) != 0;
}

pid_t process_holding(const std::vector<std::string>& inodes) {
  return first_holder(inodes, [](const std::string&) { return true; });
}

}  // namespace slipway::node
