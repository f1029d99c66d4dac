// The shim's conversation: accepts clients on the unix socket, carries out their requests, tells all of them of ends.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "data/value.h"
#include "node/shim/message.h"
#include "node/shim/net_keeper.h"
#include "node/shim/processes.h"
#include "node/shim/reactor.h"

namespace slipway::node::shim {

class Server {
 public:
  Server(Reactor& reactor, Ground& ground, NetKeeper& keeper, Journal& journal);
  ~Server();

  base::Result<void> listen(const std::string& path);
  // Serves until a client asks for the shutdown, or `terminate` was called, and everything has ended.
  void run();

 private:
  struct Client;
  using Answer = std::function<void(base::Result<data::Value>, UniqueFd)>;

  void accept();
  void receive(int id);
  bool take(Client& client);  // one complete message; false: none left
  void perform(const data::Value& request, std::vector<int> fds, Answer answer);
  void spawn(const data::Value& request, std::vector<int> fds, Answer answer);
  void make_network(const data::Value& request, Answer answer);
  void remove_network(const std::string& name, Answer answer);
  void ask_keeper(data::Value request, Answer answer);
  void open_socket(const data::Value& request, Answer answer);
  base::Result<int> network_of(const control::ProcessSpec& spec) const;
  void send(int id, const data::Value& message, UniqueFd fd = {});
  void flush(Client& client);
  void drop(int id);
  void on_signal();
  void begin_shutdown(base::Duration grace, Answer answer);
  void go_on_with_shutdown();
  Answer answer_to(int client, std::int64_t n);

  Reactor& reactor_;
  Ground& ground_;
  NetKeeper& keeper_;
  Processes processes_;
  UniqueFd listener_, signals_;
  std::map<int, std::unique_ptr<Client>> clients_;
  std::map<std::string, std::pair<std::string, UniqueFd>> networks_;  // pod name -> address, namespace
  int next_client_ = 0;
  bool stopping_ = false;
  base::MonoTime kill_at_{};
  std::vector<Answer> stopped_;
};

}  // namespace slipway::node::shim
