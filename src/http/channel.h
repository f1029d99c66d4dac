// One connection of the client and the request that runs on it. Includes Asio: for the .cpp files of http/ only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/client.h"
#include "http/response_reader.h"
#include "http/transport.h"

namespace slipway::http {

class Channel;

// One call, from the moment it is made to its end.
struct Job {
  Outgoing request;
  StreamSink* sink = nullptr;                                       // of a stream
  std::move_only_function<void(base::Result<Response>)> done = {};  // of a whole answer
  Response whole = {};
  bool repeated = false;  // was sent once already on a connection that turned out to be closed
  bool finished = false;  // ended or given up: nobody may be called any more
  runtime::Timer deadline = {};
  base::MonoTime last_byte = {};
  std::weak_ptr<Channel> channel = {};

  bool is_stream() const { return sink != nullptr; }
  bool repeatable() const { return !repeated && (request.method == "GET" || request.method == "HEAD"); }
};
using JobPtr = std::shared_ptr<Job>;

// What a channel tells its owner; the owner may outlive it or not.
class ChannelOwner {
 public:
  virtual ~ChannelOwner() = default;
  virtual void got_head(Job& job, Response head) = 0;
  virtual void got_data(Job& job, std::string_view bytes) = 0;  // may finish the job
  // The channel has no job any more and is open (`reusable`) or closed.
  virtual void job_ended(Channel& channel, JobPtr job, base::Result<void> how, bool reusable) = 0;
  virtual void job_bounced(Channel& channel, JobPtr job) = 0;  // never reached the server: run it again
  virtual void idle_closed(Channel& channel) = 0;
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(runtime::real::Loop& loop, const Endpoint& endpoint, const ClientOptions& options, std::string name,
          std::weak_ptr<ChannelOwner> owner);

  void run(JobPtr job);  // connects first if need be
  void rest();           // no job for now: closes after the idle time
  void fail(base::Error why);
  void close();
  bool closed() const { return closed_; }
  bool fresh() const { return jobs_ <= 1; }
  const JobPtr& job() const { return job_; }

 private:
  void connect();
  void resolve(const Endpoint& first);
  void reach(const std::vector<boost::asio::ip::tcp::endpoint>& addresses);
  void try_address(std::vector<boost::asio::generic::stream_protocol::endpoint> addresses, std::size_t index);
  void reached();
  void adopt(int fd);
  void connected(Socket socket);
  void send_request();
  void pump();
  bool shake_hands();
  void flush();
  void receive();
  void take_in();
  void deliver_head();
  void peer_ended();
  void complete();
  void wait_for(Next next);
  std::string describe(const std::string& what) const { return name_ + ": " + what; }

  runtime::real::Loop& loop_;
  const Endpoint endpoint_;
  const ClientOptions& options_;
  const std::string name_;
  std::weak_ptr<ChannelOwner> owner_;
  boost::asio::ip::tcp::resolver resolver_;
  std::optional<Socket> connecting_;
  std::optional<Transport> transport_;
  runtime::Timer timer_;  // connecting, then resting

  JobPtr job_;
  std::optional<ResponseReader> reader_;
  std::string head_;      // of the request
  std::size_t sent_ = 0;  // of head and body
  std::string input_;
  int jobs_ = 0;
  bool head_delivered_ = false, got_bytes_ = false;
  bool shaken_ = false, closed_ = false;
  bool read_armed_ = false, write_armed_ = false;
};

}  // namespace slipway::http
