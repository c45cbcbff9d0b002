# Message passing, the wrong way round: the flag goes up before the data is there.
# expect: schedules 6
# expect: ended seen_flag=1 seen_data=0: 1
# expect (tso): schedules 30
# expect (tso): ended seen_flag=1 seen_data=0: 4
# finds: data-race
import threading

data = flag = 0
seen_flag = seen_data = 0


def send():
    global data, flag
    flag = 1
    data = 1


def receive():
    global seen_flag, seen_data
    seen_flag = flag
    seen_data = data


a = threading.Thread(target=send, name="A")
b = threading.Thread(target=receive, name="B")
a.start()
b.start()
a.join()
b.join()
