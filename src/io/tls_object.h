// TlsObject: one of mbedTLS's structures, initialised and freed with its owner.
#pragma once

namespace camloop {

template <class T, void (*kInit)(T*), void (*kFree)(T*)>
class TlsObject {
 public:
  TlsObject() { kInit(&object_); }
  ~TlsObject() { kFree(&object_); }
  TlsObject(const TlsObject&) = delete;
  TlsObject& operator=(const TlsObject&) = delete;

  T* get() { return &object_; }
  const T* get() const { return &object_; }
  T* operator->() { return &object_; }
  const T* operator->() const { return &object_; }

 private:
  T object_;
};

}  // namespace camloop
