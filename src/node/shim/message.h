// The language between the shim and its clients: frames over a unix stream socket.
//
// A frame is a four-byte little-endian length and that many bytes of JSON. Descriptors travel as SCM_RIGHTS with the
// first byte of the frame that speaks of them ("fds": how many). Right after accepting, the shim says
// {"hello":{"version":1,"pid":...,"report":{...}}}. Requests are {"n":number,"op":name,...}, answers
// {"n":number,"ok":value} or {"n":number,"error":{"code","message"}}; the shim also says {"exit":state} by itself. A
// client that reads another version must not send anything: the shim outlives servers, so both may be of different age.
//
//   op            fields                   answer
//   spawn         spec, fds                state
//   signal        id, signal               true
//   forget        id                       true
//   list                                   [state]
//   pod-network   name, address            true        (pod-network-remove: name)
//   node-address  address                  true        (node-address-remove: address)
//   socket        space, domain, type      true, with one descriptor
//   shutdown      grace_ms                 true, when everything has ended; then the shim ends
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "control/ports.h"
#include "data/value.h"

namespace slipway::node::shim {

constexpr int kProtocolVersion = 1;
constexpr std::size_t kMaxFrame = 16u << 20;
constexpr int kMaxPassedFds = 64;

std::string encode_frame(const data::Value& message);

// Collects bytes and gives whole messages.
class FrameReader {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  // nullopt: not complete yet. BadRequest: this is not our protocol, hang up.
  base::Result<std::optional<data::Value>> next();

 private:
  std::string buffer_;
};

data::Value to_value(const control::ProcessSpec& spec);
control::ProcessSpec spec_of(const data::Value& v);  // pass_fds are not part of it
data::Value to_value(const control::ProcessState& state);
control::ProcessState state_of(const data::Value& v);
data::Value to_value(const control::HostReport& report);
control::HostReport report_of(const data::Value& v);
data::Value to_value(const base::Error& error);
base::Error error_of(const data::Value& v);

// Sends bytes (as many as go) with descriptors attached to the first. Returns the number of bytes sent, or -1 with
// errno.
ssize_t send_with_fds(int socket, std::string_view bytes, const std::vector<int>& fds);
// Receives into `buffer`; received descriptors (close-on-exec) are appended. Returns as recvmsg does.
ssize_t receive_with_fds(int socket, char* buffer, std::size_t size, std::deque<int>& fds);

}  // namespace slipway::node::shim
