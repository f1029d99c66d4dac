#include "node/shim/message.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

#include "base/strings.h"
#include "data/json.h"

namespace slipway::node::shim {

using control::HostReport;
using control::NetworkSpace;
using control::ProcessSpec;
using control::ProcessState;
using data::Value;

namespace {

Value strings(const std::vector<std::string>& list) {
  Value out = Value::array();
  for (const std::string& s : list) out.push_back(s);
  return out;
}

std::vector<std::string> strings_of(const Value& v) {
  std::vector<std::string> out;
  for (const Value& s : v.items()) out.push_back(s.str());
  return out;
}

Value mounts_value(const std::vector<control::Mount>& mounts) {
  Value out = Value::array();
  for (const auto& m : mounts)
    out.push_back(
        Value::object({{"source", m.source}, {"target", m.target}, {"ro", m.read_only}, {"inside", m.inside}}));
  return out;
}

std::int64_t nanoseconds(base::Time t) { return t.time_since_epoch().count(); }
base::Time time_of(const Value& v) { return base::Time(base::Duration(v.as_int())); }

}  // namespace

std::string encode_frame(const Value& message) {
  std::string out(4, '\0');
  data::append_json(out, message);
  const auto size = static_cast<std::uint32_t>(out.size() - 4);
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(size >> (8 * i));
  return out;
}

base::Result<std::optional<Value>> FrameReader::next() {
  if (buffer_.size() < 4) return std::nullopt;
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i) size |= std::uint32_t(static_cast<unsigned char>(buffer_[i])) << (8 * i);
  if (size > kMaxFrame) return base::fail(base::Code::BadRequest, "frame too large");
  if (buffer_.size() < 4 + size) return std::nullopt;
  auto message = data::parse_json(std::string_view(buffer_).substr(4, size));
  buffer_.erase(0, 4 + size);
  if (!message) return base::fail(message.error());
  return std::optional(std::move(*message));
}

Value to_value(const ProcessSpec& s) {
  Value env = Value::array(), limits = Value::object();
  for (const auto& [name, value] : s.env) env.push_back(Value::array({name, value}));
  for (const auto& [name, value] : s.rlimits) limits.set(name, static_cast<std::int64_t>(value));
  return Value::object({{"id", s.id},
                        {"argv", strings(s.argv)},
                        {"env", env},
                        {"cwd", s.cwd},
                        {"root", s.root},
                        {"mounts", mounts_value(s.mounts)},
                        {"network", static_cast<int>(s.network)},
                        {"podNetwork", s.pod_network},
                        {"uid", s.uid},
                        {"gid", s.gid},
                        {"privatePids", s.private_pids},
                        {"log", s.stdout_path},
                        {"hostname", s.hostname},
                        {"rlimits", limits},
                        {"cgroup", s.cgroup},
                        {"memory", static_cast<std::int64_t>(s.memory_limit)},
                        {"cpu", static_cast<std::int64_t>(s.cpu_millis)},
                        {"join", s.join},
                        {"capture", static_cast<std::int64_t>(s.capture)}});
}

ProcessSpec spec_of(const Value& v) {
  ProcessSpec s{.id = v["id"].str(), .argv = strings_of(v["argv"]), .cwd = v["cwd"].str("/"), .root = v["root"].str()};
  for (const Value& pair : v["env"].items()) s.env.emplace_back(pair.at(0).str(), pair.at(1).str());
  for (const Value& m : v["mounts"].items())
    s.mounts.push_back({m["source"].str(), m["target"].str(), m["ro"].as_bool(true), m["inside"].str()});
  s.network = static_cast<NetworkSpace>(v["network"].as_int());
  s.pod_network = v["podNetwork"].str();
  s.uid = static_cast<std::uint32_t>(v["uid"].as_int());
  s.gid = static_cast<std::uint32_t>(v["gid"].as_int());
  s.private_pids = v["privatePids"].as_bool();
  s.stdout_path = v["log"].str();
  s.hostname = v["hostname"].str();
  for (const auto& m : v["rlimits"].members()) s.rlimits[m.key.str()] = static_cast<std::uint64_t>(m.value.as_int());
  s.cgroup = v["cgroup"].str();
  s.memory_limit = static_cast<std::uint64_t>(v["memory"].as_int());
  s.cpu_millis = static_cast<std::uint64_t>(v["cpu"].as_int());
  s.join = v["join"].str();
  s.capture = static_cast<std::size_t>(v["capture"].as_int());
  return s;
}

Value to_value(const ProcessState& s) {
  return Value::object({{"id", s.id},
                        {"running", s.running},
                        {"pid", s.pid},
                        {"started", nanoseconds(s.started)},
                        {"ended", s.ended ? Value(nanoseconds(*s.ended)) : Value()},
                        {"exit", s.exit_code},
                        {"signal", s.signal},
                        {"oom", s.out_of_memory},
                        {"output", base::base64_encode(s.output)}});
}

ProcessState state_of(const Value& v) {
  ProcessState s{.id = v["id"].str(), .running = v["running"].as_bool(), .pid = v["pid"].as_int()};
  s.started = time_of(v["started"]);
  if (!v["ended"].is_null()) s.ended = time_of(v["ended"]);
  s.exit_code = static_cast<int>(v["exit"].as_int());
  s.signal = static_cast<int>(v["signal"].as_int());
  s.out_of_memory = v["oom"].as_bool();
  s.output = base::base64_decode(v["output"].as_string()).value_or("");
  return s;
}

Value to_value(const HostReport& r) {
  return Value::object(
      {{"rung", static_cast<int>(r.rung)}, {"root", r.root}, {"cgroups", r.cgroups}, {"notes", strings(r.notes)}});
}

HostReport report_of(const Value& v) {
  return {.rung = static_cast<HostReport::Rung>(v["rung"].as_int(2)),
          .root = v["root"].as_bool(),
          .cgroups = v["cgroups"].as_bool(),
          .notes = strings_of(v["notes"])};
}

Value to_value(const base::Error& error) {
  return Value::object({{"code", base::reason_of(error.code)}, {"message", error.message}});
}

base::Error error_of(const Value& v) {
  return {.code = base::code_of(v["code"].as_string(), 500), .message = v["message"].str()};
}

ssize_t send_with_fds(int socket, std::string_view bytes, const std::vector<int>& fds) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{.msg_iov = &part, .msg_iovlen = 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPassedFds)] = {};
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    *header = {.cmsg_len = CMSG_LEN(sizeof(int) * fds.size()), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t receive_with_fds(int socket, char* buffer, std::size_t size, std::deque<int>& fds) {
  iovec part{buffer, size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPassedFds)] = {};
  msghdr message{.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  const ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n < 0) return n;
  for (cmsghdr* h = CMSG_FIRSTHDR(&message); h != nullptr; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof fd);
      fds.push_back(fd);
    }
  }
  return n;
}

}  // namespace slipway::node::shim
