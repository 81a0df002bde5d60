/* Select over 2, 4, 8 and 64 channels. A select statement has a fixed number of
 * cases, so each is written out. */
package main

func fanProducer(out chan int32, count int32) {
	for i := int32(0); i < count; i++ {
		out <- i
	}
	finish()
}

func fanConsumer(c []chan int32, count int32, choose func([]chan int32) (int, int32)) {
	counts := make([]int32, len(c))
	sum := int64(0)
	for i := int32(0); i < count; i++ {
		way, value := choose(c)
		counts[way]++
		sum += int64(value)
	}
	ways := int64(len(c))
	each := int64(count) / ways
	for _, n := range counts {
		if int64(n) != each {
			fail("go: select: %d of %d from one channel", n, each)
		}
	}
	if sum != ways*(each*(each-1)/2) {
		fail("go: select: the sum is wrong")
	}
	finish()
}

func selectOf(ways int32, choose func([]chan int32) (int, int32)) func(int32) {
	return func(count int32) {
		c := make([]chan int32, ways)
		for i := range c {
			c[i] = make(chan int32)
			go fanProducer(c[i], count/ways)
		}
		go fanConsumer(c, count, choose)
		waitFor(int(ways) + 1)
	}
}

func selects() {
	measure("receive-2", selectOf(2, chooseOf2))
	measure("receive-4", selectOf(4, chooseOf4))
	measure("receive-8", selectOf(8, chooseOf8))
	measure("receive-64", selectOf(64, chooseOf64))
}

func chooseOf2(c []chan int32) (way int, value int32) {
	_ = c[1]
	select {
	case value = <-c[0]:
		return 0, value
	case value = <-c[1]:
		return 1, value
	}
}

func chooseOf4(c []chan int32) (way int, value int32) {
	_ = c[3]
	select {
	case value = <-c[0]:
		return 0, value
	case value = <-c[1]:
		return 1, value
	case value = <-c[2]:
		return 2, value
	case value = <-c[3]:
		return 3, value
	}
}

func chooseOf8(c []chan int32) (way int, value int32) {
	_ = c[7]
	select {
	case value = <-c[0]:
		return 0, value
	case value = <-c[1]:
		return 1, value
	case value = <-c[2]:
		return 2, value
	case value = <-c[3]:
		return 3, value
	case value = <-c[4]:
		return 4, value
	case value = <-c[5]:
		return 5, value
	case value = <-c[6]:
		return 6, value
	case value = <-c[7]:
		return 7, value
	}
}

func chooseOf64(c []chan int32) (way int, value int32) {
	_ = c[63]
	select {
	case value = <-c[0]:
		return 0, value
	case value = <-c[1]:
		return 1, value
	case value = <-c[2]:
		return 2, value
	case value = <-c[3]:
		return 3, value
	case value = <-c[4]:
		return 4, value
	case value = <-c[5]:
		return 5, value
	case value = <-c[6]:
		return 6, value
	case value = <-c[7]:
		return 7, value
	case value = <-c[8]:
		return 8, value
	case value = <-c[9]:
		return 9, value
	case value = <-c[10]:
		return 10, value
	case value = <-c[11]:
		return 11, value
	case value = <-c[12]:
		return 12, value
	case value = <-c[13]:
		return 13, value
	case value = <-c[14]:
		return 14, value
	case value = <-c[15]:
		return 15, value
	case value = <-c[16]:
		return 16, value
	case value = <-c[17]:
		return 17, value
	case value = <-c[18]:
		return 18, value
	case value = <-c[19]:
		return 19, value
	case value = <-c[20]:
		return 20, value
	case value = <-c[21]:
		return 21, value
	case value = <-c[22]:
		return 22, value
	case value = <-c[23]:
		return 23, value
	case value = <-c[24]:
		return 24, value
	case value = <-c[25]:
		return 25, value
	case value = <-c[26]:
		return 26, value
	case value = <-c[27]:
		return 27, value
	case value = <-c[28]:
		return 28, value
	case value = <-c[29]:
		return 29, value
	case value = <-c[30]:
		return 30, value
	case value = <-c[31]:
		return 31, value
	case value = <-c[32]:
		return 32, value
	case value = <-c[33]:
		return 33, value
	case value = <-c[34]:
		return 34, value
	case value = <-c[35]:
		return 35, value
	case value = <-c[36]:
		return 36, value
	case value = <-c[37]:
		return 37, value
	case value = <-c[38]:
		return 38, value
	case value = <-c[39]:
		return 39, value
	case value = <-c[40]:
		return 40, value
	case value = <-c[41]:
		return 41, value
	case value = <-c[42]:
		return 42, value
	case value = <-c[43]:
		return 43, value
	case value = <-c[44]:
		return 44, value
	case value = <-c[45]:
		return 45, value
	case value = <-c[46]:
		return 46, value
	case value = <-c[47]:
		return 47, value
	case value = <-c[48]:
		return 48, value
	case value = <-c[49]:
		return 49, value
	case value = <-c[50]:
		return 50, value
	case value = <-c[51]:
		return 51, value
	case value = <-c[52]:
		return 52, value
	case value = <-c[53]:
		return 53, value
	case value = <-c[54]:
		return 54, value
	case value = <-c[55]:
		return 55, value
	case value = <-c[56]:
		return 56, value
	case value = <-c[57]:
		return 57, value
	case value = <-c[58]:
		return 58, value
	case value = <-c[59]:
		return 59, value
	case value = <-c[60]:
		return 60, value
	case value = <-c[61]:
		return 61, value
	case value = <-c[62]:
		return 62, value
	case value = <-c[63]:
		return 63, value
	}
}
