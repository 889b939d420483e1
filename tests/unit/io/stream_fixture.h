// A Stream on a real socket, the peer at its other end, and a seam between the Stream and the
// kernel.
#pragma once

#include "io/stream.h"
#include "unit/io/tcp_pair.h"
#include "unit/sinks/loop_client.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/uio.h>

namespace camloop {

/// Sees each sendmsg() of a Stream, and can make the kernel take less than is offered.
struct SendSeam {
  std::vector<std::vector<iovec>> calls;
  std::deque<ssize_t> answers;  // bytes to take or -errno, a call each; then as the kernel likes
  bool full = false;            // or nothing
};

class StreamTest : public testing::Test, protected StreamHandler {
 protected:
  StreamTest();
  ~StreamTest() override;

  /// A new connection, in place of the one before.
  void connect(int peer_receive_bytes = 0);
  void run_until(const std::function<bool()>& condition) {
    ASSERT_TRUE(turn_until(loop_, condition)) << "waited in vain";
  }
  void run_until_ended() {
    run_until([this] { return !ended_.empty(); });
  }
  /// Some turns of the loop, in which all comes that will come.
  void run_a_while() {
    int turns = 0;
    run_until([&turns] { return ++turns > 10; });
  }

  BufferRef filled(std::string_view text);
  bool try_send(std::string_view head, const BufferRef& body, std::string_view tail = "") {
    return stream_->try_send(as_bytes(head), body, as_bytes(tail));
  }
  bool write(std::string_view text) { return stream_->write(as_bytes(text)); }
  /// Sends frames until none is taken; returns how many bytes were.
  size_t fill(const BufferRef& frame);

  Result<> on_bytes(Bytes bytes) override {
    received_.append(as_text(bytes));
    return do_on_bytes_();
  }
  Result<> on_eof() override {
    ++eofs_;
    return do_on_eof_ ? do_on_eof_() : StreamHandler::on_eof();
  }
  Result<> on_writable() override {
    ++writable_;
    return do_on_writable_();
  }
  void on_end(const Error& why) override {
    ended_.push_back(why.text);
    do_on_end_();
  }

  SendSeam seam_;
  BufferPool pool_{1};
  Loop loop_;
  Admission::Pass pass_;
  std::unique_ptr<Peer> peer_;
  int socket_ = -1;  // the Stream's
  Owned<Stream> stream_;

  std::string received_;
  std::vector<std::string> ended_;
  int eofs_ = 0;
  int writable_ = 0;
  std::function<Result<>()> do_on_bytes_ = [] { return Result<>(); };
  std::function<Result<>()> do_on_writable_ = [] { return Result<>(); };
  std::function<Result<>()> do_on_eof_;
  std::function<void()> do_on_end_ = [] {};
};

}  // namespace camloop
